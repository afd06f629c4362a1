"""deploy/containers: what its files say of our programs is so. No image is built here."""

import re
import subprocess

import yaml

from stack import BUILD
from web import TOP

FOLDER = TOP / "deploy" / "containers"
COMPOSE = yaml.safe_load((FOLDER / "compose.yml").read_text())
KUBERNETES = list(yaml.safe_load_all((FOLDER / "kubernetes.yml").read_text()))
CONTAINERFILE = (FOLDER / "Containerfile").read_text()
STOP_SECONDS = 10  # TINA4_STOP_SECONDS, once for the sidecar and once for who is stopped after it


def settings():
    """All of them, with their defaults."""
    text = subprocess.run([BUILD / "tina4-sidecar", "--settings"], check=True, capture_output=True, text=True).stdout
    return dict(re.findall(r"(?m)^#?(TINA4_\w+)=(.*)$", text))


def pod():
    return next(part for part in KUBERNETES if part["metadata"]["name"] == "shop" and part["kind"] == "Deployment")[
        "spec"]["template"]["spec"]


def test_each_setting_exists():
    known = set(settings())
    for file in [*FOLDER.iterdir(), TOP / "deploy" / "containers.md"]:
        text = re.sub(r"ARG TINA4\b|\$\{TINA4\}", "", file.read_text())
        assert set(re.findall(r"\bTINA4_\w+", text)) - known == set(), file.name


def test_the_sidecar_would_start_with_these_settings(tmp_path):
    image = dict(re.findall(r"(TINA4_\w+)=(\S+)", CONTAINERFILE))
    image["TINA4_LISTEN"] = f"unix:{tmp_path}/ws.sock"
    compose = COMPOSE["services"]["sidecar"]["environment"]
    shop = {variable["name"]: variable.get("value", "s" * 64) for variable in pod()["containers"][0]["env"]}
    for given in (compose, shop):
        env = {name: re.sub(r"\$[({]\w+[^)}]*[)}]", "s" * 64, value) for name, value in {**image, **given}.items()}
        done = subprocess.run([BUILD / "tina4-sidecar", "--check"], env=env, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_there_is_time_for_the_drain():
    sidecar = COMPOSE["services"]["sidecar"]
    assert int(sidecar["stop_grace_period"].rstrip("s")) > (
        int(sidecar["environment"]["TINA4_WS_DRAIN_SECONDS"]) + STOP_SECONDS)
    main = pod()["containers"][0]
    drain = next(int(variable["value"]) for variable in main["env"] if variable["name"] == "TINA4_WS_DRAIN_SECONDS")
    wait = int(main["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod()["terminationGracePeriodSeconds"] > wait + drain + 2 * STOP_SECONDS
    assert settings()["TINA4_STOP_SECONDS"] == str(STOP_SECONDS)


def test_the_sidecar_is_stopped_first():
    services = COMPOSE["services"]
    assert set(services["sidecar"]["depends_on"]) == set(services) - {"sidecar"}
    assert [container["name"] for container in pod()["containers"]] == ["sidecar"]
    assert all(container["restartPolicy"] == "Always" for container in pod()["initContainers"])


def test_nothing_runs_as_root_or_writes_to_its_image():
    users = re.findall(r"(?m)^USER (\S+)$", CONTAINERFILE)
    assert len(users) == 3 and all(re.fullmatch(r"\d+:7146", user) for user in users)
    assert pod()["securityContext"]["runAsNonRoot"] and pod()["securityContext"]["fsGroup"] == 7146
    for container in pod()["initContainers"] + pod()["containers"]:
        assert container["securityContext"]["readOnlyRootFilesystem"], container["name"]
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    for name, service in COMPOSE["services"].items():
        assert service["read_only"], name


def test_the_configuration_of_nginx_has_all_names_replaced():
    commands = re.findall(r"sed (-e .*?) \\\n\s+/usr/share/tina4/deploy/(\S+) >", re.sub(r"\\\n\s+-e", "-e", CONTAINERFILE))
    assert [file for _, file in commands] == ["nginx-own.conf.in", "nginx.conf.in"]
    for options, file in commands:
        text = subprocess.run(["sh", "-c", f"sed {options} {TOP}/deploy/{file}"], check=True, capture_output=True,
                              text=True).stdout
        assert re.findall("@[A-Z]+@", re.sub("(?m)^#.*", "", text)) == []


def test_each_image_that_is_named_is_made():
    made = {f"tina4-{name}" for name in re.findall(r"AS (\w+)", CONTAINERFILE)}
    made |= {f"shop-{name}" for name in re.findall(r"AS (\w+)", (FOLDER / "app.Containerfile").read_text())}
    named = {service["image"] for service in COMPOSE["services"].values()}
    named |= {container["image"] for container in pod()["initContainers"] + pod()["containers"]}
    ours = {image.rpartition("/")[2].partition(":")[0] for image in named if "redis" not in image}
    assert ours <= made
