"""A Sparkplug B edge node with one device, by pysparkplug, to test against an implementation of its own.

    sparkplug_oven.py BROKER_PORT

Publishes as group `bakery`, node `gateway`, device `deck`. Prints `ready` once it is connected, then obeys lines on its
standard input: `set NAME VALUE` for a metric of the device (Temp, Humidity, Mode). Killed, the broker publishes its death.
"""

import itertools
import sys
import time

import pysparkplug as sp


def now():
    return int(time.time() * 1000)


def metric(name, kind, value):
    return sp.Metric(timestamp=now(), name=name, datatype=kind, value=value)


KINDS = {"Temp": sp.DataType.DOUBLE, "Humidity": sp.DataType.INT32, "Mode": sp.DataType.STRING}

def rebirth(node, message):
    """What the library leaves to its user: everything again, counted from 0."""
    if not any(wish.name == "Node Control/Rebirth" for wish in message.payload.metrics):
        return
    node._EdgeNode__seq_cycler = itertools.cycle(range(256))
    # The library has already counted on, for the next connection.
    birth_death = metric("bdSeq", sp.DataType.INT64, (node._bd_seq_metric.value - 1) % 256)

    def publish(kind, payload, device=None):
        topic = sp.Topic(message_type=kind, group_id="bakery", edge_node_id="gateway", device_id=device)
        node._client.publish(sp.Message(topic=topic, payload=payload, qos=sp.QoS.AT_MOST_ONCE, retain=False), include_dtypes=True)

    publish(sp.MessageType.NBIRTH, sp.NBirth(timestamp=now(), seq=node._seq, metrics=(*node._metrics.values(), birth_death)))
    for device in node._devices.values():
        publish(sp.MessageType.DBIRTH, sp.DBirth(timestamp=now(), seq=node._seq, metrics=tuple(device.metrics.values())), device.device_id)


node = sp.EdgeNode("bakery", "gateway", [metric("Uptime", sp.DataType.INT64, 1)], cmd_callback=rebirth)
node.register(sp.Device("deck", [metric("Temp", KINDS["Temp"], 200.5), metric("Humidity", KINDS["Humidity"], 40), metric("Mode", KINDS["Mode"], "Backen")]))
node.connect("127.0.0.1", port=int(sys.argv[1]), keepalive=5)
while not node._connected:
    time.sleep(0.01)
print("ready", flush=True)
for line in sys.stdin:
    _, name, value = line.split()
    kind = KINDS[name]
    value = value if kind == sp.DataType.STRING else int(value) if kind == sp.DataType.INT32 else float(value)
    node.update_device("deck", [metric(name, kind, value)])
    print("done", flush=True)
