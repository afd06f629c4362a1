# unit tests of sidecar/
