"""Three controllers on one Modbus line, served by pymodbus: peers that know nothing of Hornero.

    modbus_oven.py [tcp|rtu|serial] [PORT]

Prints its port, or the device of a serial line whose other end it serves. Unit 1 keeps tenths of a degree like a
Eurotherm 3200 (1 process value, 2 and 5 setpoint) and floats in two byte orders; unit 2 keeps another temperature at the
same register; unit 3 keeps many registers. Registers between are missing on purpose.
"""

import asyncio
import os
import pty
import sys
import threading
import tty

from pymodbus import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice


def registers(first, *words):
    return SimData(address=first, values=list(words), datatype=DataType.REGISTERS)


def bits(first, *values):
    return SimData(address=first, values=list(values), datatype=DataType.BITS)


def controller(unit, holding):
    coils = [bits(0, True, False)]
    discrete = [bits(0, False, True)]
    inputs = [registers(0, 0x8000, 55)]
    return SimDevice(id=unit, simdata=(coils, discrete, holding, inputs))


UNITS = [
    controller(
        1,
        [
            registers(1, 2315, 2400),
            registers(4, 550, 2400),
            # 231.5 as a float, most significant register first, then least.
            registers(20, 0x4367, 0x8000),
            registers(24, 0x8000, 0x4367),
            registers(30, 0x7FC0, 0x0000),
            registers(40, 7),
        ],
    ),
    controller(2, [registers(1, 1805, 1800)]),
    SimDevice(
        id=3,
        simdata=([bits(0, True)], [bits(0, True)], [registers(0, 0)], [registers(0, *(2300 + i for i in range(500)))]),
    ),
]


def serial_line():
    """Two pseudo-terminals with a wire between them: the devices of both ends."""
    ends = [pty.openpty() for _ in range(2)]
    for _, device in ends:
        tty.setraw(device)

    def carry(source, target):
        while data := os.read(source, 256):
            os.write(target, data)

    (first, _), (second, _) = ends
    for wire in [(first, second), (second, first)]:
        threading.Thread(target=carry, args=wire, daemon=True).start()
    return [os.ttyname(device) for _, device in ends]


async def serve_serial():
    ours, theirs = serial_line()
    server = ModbusSerialServer(UNITS, framer=FramerType.RTU, port=ours, baudrate=19200)
    await server.listen()
    print(theirs, flush=True)
    await asyncio.Event().wait()


async def main():
    if sys.argv[1:2] == ["serial"]:
        return await serve_serial()
    framer = FramerType.RTU if sys.argv[1:2] == ["rtu"] else FramerType.SOCKET
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    server = ModbusTcpServer(UNITS, framer=framer, address=("127.0.0.1", port))
    await server.listen()
    print(server.transport.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
