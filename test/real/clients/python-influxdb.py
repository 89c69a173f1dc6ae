"""What people do with Python's influxdb client. Prints what it was told as JSON, one object a line."""

import json
import sys

from influxdb import InfluxDBClient
from influxdb.exceptions import InfluxDBClientError

port, udp_port = int(sys.argv[1]), int(sys.argv[2])


def tell(step, **what):
    print(json.dumps({"step": step, **what}, sort_keys=True), flush=True)


def error_of(call):
    try:
        call()
    except InfluxDBClientError as error:
        return {"code": error.code, "content": error.content}
    return None


def client(**options):
    return InfluxDBClient("127.0.0.1", port, retries=1, timeout=10, **options)


plain = client()
tell("ping", version=plain.ping())
plain.create_database("py")
plain.switch_database("py")
tell("databases", names=[row["name"] for row in plain.get_list_database()])

points = [
    {"measurement": "cpu", "tags": {"host": f"h {i % 2}"}, "time": i, "fields": {"v": i, "f": i / 2, "s": 'a "b"', "b": i % 2 == 0}}
    for i in range(4)
]
tell("write", ok=plain.write_points(points, time_precision="ms"))
tell("read", points=list(plain.query("SELECT * FROM cpu", epoch="ns").get_points()))
tell("bound", points=list(plain.query("SELECT v FROM cpu WHERE host = $host", bind_params={"host": "h 1"}, epoch="ns").get_points()))
tell("several", counts=[next(result.get_points())["count"] for result in plain.query("SELECT count(v) FROM cpu; SELECT count(s) FROM cpu")])
# It asks for MessagePack unless told otherwise, and cannot read that in chunks.
json_client = client(database="py", headers={"Accept": "application/json"})
chunks = json_client.query("SELECT v FROM cpu", chunked=True, chunk_size=2, epoch="ns")
tell("chunked", values=[row["v"] for chunk in chunks for row in chunk.get_points()])
tell("measurements", names=[row["name"] for row in plain.get_list_measurements()])

packed = client(gzip=True, database="py")
lines = [f"packed,n={i % 7} v={i}i {i}" for i in range(5000)]
tell("gzip", ok=packed.write_points(lines, protocol="line", batch_size=1000))
tell("gzip read", points=list(packed.query("SELECT count(v), sum(v) FROM packed", epoch="ns").get_points()))

plain.create_retention_policy("week", "1w", "1", database="py", default=False)
plain.alter_retention_policy("week", database="py", duration="2w")
tell("policies", policies=[[p["name"], p["duration"], p["default"]] for p in plain.get_list_retention_policies("py")])
plain.write_points([{"measurement": "kept", "fields": {"v": 1}}], retention_policy="week")
tell("into", written=[row["written"] for row in plain.query("SELECT v INTO copy FROM cpu").get_points()])
plain.create_continuous_query("cq", 'SELECT mean(v) INTO avg FROM cpu GROUP BY time(1h)', database="py")
tell("continuous", queries=[list(entry) for entry in plain.get_list_continuous_queries()])
plain.delete_series(database="py", measurement="cpu", tags={"host": "h 0"})
tell("deleted", points=[row["v"] for row in plain.query("SELECT v FROM cpu").get_points()])
plain.drop_measurement("packed")
plain.drop_retention_policy("week", database="py")
tell("dropped", packed="packed" in [row["name"] for row in plain.get_list_measurements()])
plain.create_user("reader", "secret", admin=False)
plain.grant_privilege("read", "py", "reader")
tell("users", users=plain.get_list_users(), privileges=plain.get_list_privileges("reader"))

tell(
    "errors",
    database=error_of(lambda: client(database="nowhere").write_points(["m v=1 1"], protocol="line")),
    line=error_of(lambda: plain.write_points(["m v=1 when"], protocol="line")),
    syntax=error_of(lambda: plain.query("SELEC v")),
    statement=error_of(lambda: client(database="nowhere").query("SELECT v FROM m")),
    conflict=error_of(lambda: plain.write_points(["cpu,host=x v=\"text\" 1"], protocol="line")),
)

udp = InfluxDBClient("127.0.0.1", use_udp=True, udp_port=udp_port)
udp.write_points([{"measurement": "udp", "time": 7, "fields": {"v": 1.5}}], time_precision="n")
udp.close()

plain.create_database("gone")
plain.drop_database("gone")
tell("gone", names=[row["name"] for row in plain.get_list_database()])
