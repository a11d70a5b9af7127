"""How a script and the test that started it talk: JSON values, one a line. The first line names the package that runs."""

import json
import socket
import sys
from importlib.metadata import version

wanted = json.loads(sys.argv[1])


def tell(value):
    print(json.dumps(value), flush=True)


def hear():
    return json.loads(sys.stdin.readline())


def introduce(package):
    tell({"package": package, "version": version(package)})


_system = socket.getaddrinfo


def _getaddrinfo(host, *rest, **more):
    """Names below `localhost` are this machine (RFC 6761, section 6.3), which not every system's resolver knows."""
    return _system("127.0.0.1" if str(host).endswith(".localhost") else host, *rest, **more)


socket.getaddrinfo = _getaddrinfo
