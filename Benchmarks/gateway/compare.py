#!/usr/bin/env python3
"""Compares the gateway with Envoy and HAProxy as 95/5 splitters before one trivial upstream.

All of them run on this machine in the same run, in turns, so that they meet the same noise. The
other two only split; the gateway also reads the JSON, sticks callers to versions, stamps answers
and records each one. Needs `wrk`, `haproxy` and `envoy` in PATH, and the gateway's command:

    compare.py --gateway '.build/release/gatewright gateway --port {port} --admin-port {admin}'

Prints JSON: requests/s and latencies at 32 connections; added latency over no proxy at one.
"""

import argparse
import json
import os
import re
import shlex
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

BODY = '{"inputs":[{"name":"x","shape":[4],"datatype":"FP32","data":[5.1,3.5,1.4,0.2]}]}'
LUA = """
local n = 0
request = function()
  n = n + 1
  return wrk.format("POST", "/v2/models/m/infer",
    {["content-type"] = "application/json", ["x-user"] = "u" .. n}, '%s')
end
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"nothing listens on port {port} after 10 s")


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(text)
    return path


def answer(version):
    return json.dumps({"model_name": "m", "model_version": version, "id": "x", "outputs": [
        {"name": "label", "shape": [1], "datatype": "BYTES", "data": ["zstd"]},
        {"name": "confidence", "shape": [1], "datatype": "FP32", "data": [0.93]}]},
        separators=(",", ":"))


HAPROXY_HEAD = """global
  nbthread {threads}
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
"""


def upstream_config(ports):
    text = HAPROXY_HEAD.format(threads=1)
    for version, port in ports.items():
        text += (f"frontend v{version}\n  bind 127.0.0.1:{port}\n  http-request return status 200 "
                 f"content-type application/json string '{answer(version)}'\n")
    return text


def haproxy_config(port, ports):
    text = HAPROXY_HEAD.format(threads=os.cpu_count())
    text += f"frontend f\n  bind 127.0.0.1:{port}\n  default_backend b\nbackend b\n"
    for (version, target), weight in zip(ports.items(), (95, 5)):
        text += f"  server v{version} 127.0.0.1:{target} weight {weight}\n"
    return text


def envoy_config(port, ports):
    def cluster(version, target):
        return {"name": version, "type": "STATIC", "connect_timeout": "2s", "load_assignment": {
            "cluster_name": version, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {
                "socket_address": {"address": "127.0.0.1", "port_value": target}}}}]}]}}
    base = "type.googleapis.com/envoy.extensions.filters"
    weights = [{"name": v, "weight": w} for v, w in zip(ports, (95, 5))]
    manager = {
        "@type": f"{base}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "s",
        "route_config": {"virtual_hosts": [{"name": "v", "domains": ["*"], "routes": [
            {"match": {"prefix": "/"}, "route": {"weighted_clusters": {"clusters": weights}}}]}]},
        "http_filters": [{"name": "router", "typed_config": {
            "@type": f"{base}.http.router.v3.Router"}}]}
    return json.dumps({"static_resources": {
        "listeners": [{"name": "l", "address": {"socket_address": {
            "address": "127.0.0.1", "port_value": port}}, "filter_chains": [{"filters": [
                {"name": "hcm", "typed_config": manager}]}]}],
        "clusters": [cluster(v, p) for v, p in ports.items()]}})


def put_route(admin, ports):
    def backend(version):
        return {"reference": {"version": version, "digest": "a" * 64},
                "endpoint": f"http://127.0.0.1:{ports[version]}"}
    route = {"rollout": "m", "region": "eu-west", "generation": 1, "salt": "m",
             "stickyBy": {"header": {"_0": "x-user"}}, "stable": backend("1.0"),
             "candidate": backend("2.0"), "share": 500, "mirror": 0}
    request = urllib.request.Request(
        f"http://127.0.0.1:{admin}/admin/v1/routes/m", json.dumps(route).encode(), method="PUT")
    urllib.request.urlopen(request, timeout=5).read()


UNITS = {"us": 1.0, "ms": 1e3, "s": 1e6}


def microseconds(text, percentile):
    value, unit = re.search(rf"^\s*{percentile}%\s+([\d.]+)(us|ms|s)\s*$", text, re.M).groups()
    return float(value) * UNITS[unit]


def measure(port, connections, seconds, script):
    text = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script,
         f"http://127.0.0.1:{port}"], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        sys.exit(f"port {port} gave errors, so its numbers mean nothing:\n{text}")
    return {"rps": float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)),
            "p50": microseconds(text, 50), "p99": microseconds(text, 99)}


def middle(rounds, key):
    return round(statistics.median(one[key] for one in rounds), 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gateway", required=True, help="command with {port} and {admin}")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    names = ("direct", "gateway", "envoy", "haproxy")
    front = {name: free_port() for name in names[1:]}
    ports = {"1.0": free_port(), "2.0": free_port()}
    front["direct"] = ports["1.0"]
    admin = free_port()
    running = []
    with tempfile.TemporaryDirectory() as folder:
        def start(command):
            running.append(subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        try:
            start(["haproxy", "-db", "-f", write(folder, "up.cfg", upstream_config(ports))])
            start(["haproxy", "-db", "-f",
                   write(folder, "split.cfg", haproxy_config(front["haproxy"], ports))])
            start(["envoy", "-c", write(folder, "envoy.json", envoy_config(front["envoy"], ports)),
                   "--concurrency", str(os.cpu_count()), "--disable-hot-restart"])
            start(shlex.split(options.gateway.format(port=front["gateway"], admin=admin)))
            for port in (*front.values(), *ports.values(), admin):
                wait_for(port)
            put_route(admin, ports)
            script = write(folder, "infer.lua", LUA % BODY)
            load = os.getloadavg()
            many, one = {n: [] for n in names}, {n: [] for n in names}
            for name in names:
                measure(front[name], 32, 1, script)
            for _ in range(options.rounds):
                for name in names:
                    many[name].append(measure(front[name], 32, options.seconds, script))
                    one[name].append(measure(front[name], 1, options.seconds, script))
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait(timeout=20)
    result = {"cores": os.cpu_count(), "loadBefore": load, "rounds": options.rounds,
              "secondsEach": options.seconds, "latencyUnit": "microseconds", "proxies": {}}
    for name in names:
        result["proxies"][name] = {
            "connections32": {k: middle(many[name], k) for k in ("rps", "p50", "p99")},
            "rpsOfEachRound": [round(r["rps"]) for r in many[name]],
            "addedAtOneConnection": {
                k: round(middle(one[name], k) - middle(one["direct"], k), 1)
                for k in ("p50", "p99")}}
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
