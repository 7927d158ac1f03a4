"""A small OPC UA server with an oven, to test the client against asyncua.

    opcua_oven.py [--port N] [--namespaces N] [--user U --password P] [--secure FOLDER] [--history]

Prints its port, then obeys lines on its standard input:
    set NAME VALUE       writes a value (number, true, false, or text)
    bad NAME | uncertain NAME     gives the value a bad or an uncertain status
    nan NAME
    alarm on|off         raises or ends an alarm condition on the device
    delete NAME          removes a node

The device is shaped like a combi steamer of OPC 30200 with nodes of its own making: no companion nodeset is loaded.
Beside it, `Objects/Plain` holds a few values under no type, as a PLC would offer them. `--namespaces` registers that
many empty namespaces first, so that a restart gives the real ones other numbers.
"""

import argparse
import asyncio
import datetime
import socket
import sys
from pathlib import Path

from asyncua import Server, ua
from asyncua.crypto.cert_gen import setup_self_signed_certificate
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.user_managers import UserManager
from cryptography.x509.oid import ExtendedKeyUsageOID

DI = "http://opcfoundation.org/UA/DI/"
KITCHEN = "http://opcfoundation.org/UA/CommercialKitchenEquipment/"
PLAIN = "urn:bakery:plc"

# Name, type, first value, and the unit as a UNECE common code.
COMBI = [
    ("CombiSteamerMode", ua.VariantType.Int32, 6, None),
    ("SetTemperature", ua.VariantType.Float, 230.0, "CEL"),
    ("ActualTemperatureChamber_0", ua.VariantType.Float, 231.5, "CEL"),
    ("ActualInternalCoreTemperature", ua.VariantType.Float, 180.5, "FAH"),
    ("SetHumidity", ua.VariantType.Int32, 40, "P1"),
    ("ActualHumidity", ua.VariantType.Int32, 38, "P1"),
    ("SetProcessTimeProgram", ua.VariantType.UInt32, 1200, "SEC"),
    ("TimeRemainingProgram", ua.VariantType.UInt32, 300, "SEC"),
    ("IsDoorOpen", ua.VariantType.Boolean, False, None),
    ("ProgramName", ua.VariantType.LocalizedText, ua.LocalizedText("Baguette"), None),
]
PLC = [
    ("Temp", ua.VariantType.Double, 218.25, None),
    ("Deci", ua.VariantType.Int16, 2315, None),
    ("Text", ua.VariantType.String, "204,5", None),
    ("Zones", ua.VariantType.Float, [201.0, 202.5, 203.0], None),
]


class OneUser(UserManager):
    def __init__(self, name, password):
        self.name, self.password = name, password

    def get_user(self, iserver, username=None, password=None, certificate=None):
        ok = (username, password) == (self.name, self.password)
        return User(role=UserRole.User) if ok else None


def unit(code):
    number = int.from_bytes(code.encode(), "big")
    return ua.EUInformation("http://www.opcfoundation.org/UA/units/un/cefact", number, ua.LocalizedText(code), ua.LocalizedText(code))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def now():
    return datetime.datetime.now(datetime.timezone.utc)


class Oven:
    def __init__(self, server):
        self.server, self.nodes = server, {}

    async def add(self, parent, index, prefix, values):
        for name, kind, value, code in values:
            node = await parent.add_variable(ua.NodeId(f"{prefix}.{name}", index), ua.QualifiedName(name, index), value, varianttype=kind)
            if code:
                await node.add_property(ua.NodeId(f"{prefix}.{name}.EU", index), ua.QualifiedName("EngineeringUnits", 0), unit(code))
            self.nodes[name] = (node, kind)

    async def put(self, name, value, status=ua.StatusCodes.Good):
        node, kind = self.nodes[name]
        stamp = now()
        await node.write_value(ua.DataValue(ua.Variant(value, kind), StatusCode=ua.StatusCode(status), SourceTimestamp=stamp, ServerTimestamp=stamp))


async def obey(oven, events, line):
    words = line.split()
    if words[0] == "set":
        raw = " ".join(words[2:])
        kind = oven.nodes[words[1]][1]
        if kind == ua.VariantType.Boolean:
            value = raw == "true"
        elif kind in (ua.VariantType.Float, ua.VariantType.Double):
            value = float(raw)
        elif kind == ua.VariantType.String:
            value = raw
        else:
            value = int(raw)
        await oven.put(words[1], value)
    elif words[0] in ("bad", "uncertain"):
        status = ua.StatusCodes.BadSensorFailure if words[0] == "bad" else ua.StatusCodes.UncertainSensorNotAccurate
        value = (await oven.nodes[words[1]][0].read_data_value(raise_on_bad_status=False)).Value.Value
        await oven.put(words[1], value, status)
    elif words[0] == "nan":
        await oven.put(words[1], float("nan"))
    elif words[0] == "alarm":
        active = words[1] == "on"
        events.event.ActiveState = ua.LocalizedText("Active" if active else "Inactive")
        events.event.Severity = 800 if active else 100
        events.event.Retain = active
        await events.trigger(message="E042 over-temperature" if active else "E042 cleared")
    elif words[0] == "delete":
        await oven.server.delete_nodes([oven.nodes[words[1]][0]])


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--namespaces", type=int, default=0)
    options.add_argument("--user")
    options.add_argument("--password")
    options.add_argument("--secure", type=Path)
    options.add_argument("--history", action="store_true")
    options.add_argument("--without", help="a value that the device does not have")
    args = options.parse_args()

    server = Server(user_manager=OneUser(args.user, args.password)) if args.user else Server()
    await server.init()
    port = args.port or free_port()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/oven")
    policies = [ua.SecurityPolicyType.NoSecurity]
    if args.secure:
        args.secure.mkdir(parents=True, exist_ok=True)
        uri = "urn:bakery:oven"
        await server.set_application_uri(uri)
        key, certificate = args.secure / "key.pem", args.secure / "certificate.der"
        usage = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        await setup_self_signed_certificate(key, certificate, uri, "127.0.0.1", usage, {"organizationName": "bakery"})
        await server.load_certificate(str(certificate))
        await server.load_private_key(str(key))
        policies = [
            ua.SecurityPolicyType.Basic256Sha256_Sign,
            ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt,
            ua.SecurityPolicyType.Aes128Sha256RsaOaep_SignAndEncrypt,
            ua.SecurityPolicyType.Aes256Sha256RsaPss_SignAndEncrypt,
        ]
    server.set_security_policy(policies)
    if args.user:
        server.set_identity_tokens([ua.UserNameIdentityToken])

    for number in range(args.namespaces):
        await server.register_namespace(f"urn:bakery:nothing:{number}")
    plain = await server.register_namespace(PLAIN)
    kitchen = await server.register_namespace(KITCHEN)
    di = await server.register_namespace(DI)

    oven = Oven(server)
    combi_type = await server.nodes.base_object_type.add_object_type(ua.NodeId(1011, kitchen), ua.QualifiedName("CombiSteamerDeviceType", kitchen))
    devices = await server.nodes.objects.add_object(ua.NodeId(5001, di), ua.QualifiedName("DeviceSet", di))
    device = await devices.add_object(ua.NodeId("Combi1", plain), ua.QualifiedName("Combi1", plain), objecttype=combi_type.nodeid)
    await device.add_property(ua.NodeId("Combi1.Model", plain), ua.QualifiedName("Model", di), ua.LocalizedText("CS-6"))
    part = await device.add_object(ua.NodeId("Combi1.CombiSteamer", plain), ua.QualifiedName("CombiSteamer", kitchen))
    await oven.add(part, kitchen, "Combi1", [value for value in COMBI if value[0] != args.without])
    plc = await server.nodes.objects.add_object(ua.NodeId("Plain", plain), ua.QualifiedName("Plain", plain))
    await oven.add(plc, plain, "Plain", PLC)
    events = await server.get_event_generator(ua.ObjectIds.AlarmConditionType, device)
    events.event.SourceNode, events.event.SourceName, events.event.ConditionName = device.nodeid, "Combi1", "E042"

    async with server:
        if args.history:
            node, _ = oven.nodes["ActualTemperatureChamber_0"]
            await server.historize_node_data_change([node], period=None, count=10000)
        print(port, flush=True)
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := (await reader.readline()).decode().strip():
            await obey(oven, events, line)
            print("done", flush=True)


asyncio.run(main())
