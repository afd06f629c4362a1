"""spawn.py SOCKET COMMAND... - becomes a FastCGI program with a socket of this name on its descriptor 0."""

import os
import socket
import sys

if os.path.exists(sys.argv[1]):
    os.unlink(sys.argv[1])
listening = socket.socket(socket.AF_UNIX)
listening.bind(sys.argv[1])
listening.listen(128)
os.dup2(listening.fileno(), 0)
os.execvp(sys.argv[2], sys.argv[2:])
