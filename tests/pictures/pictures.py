"""The pictures of the console in docs/console: a daemon to which a few things have happened, looked at in a real browser.

    cargo xtask pictures

docs/console/pages has each page in four looks on one sheet; the few beside that folder are those that the texts show.
"""

import base64
import os
import pathlib
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenarios"))

import docker

from test_console import PAGES, chromium
from vocabulary import PROJECT, Daemon, container, health_check, short, wait_for

FOLDER = PROJECT / "docs/console"
DESK, PHONE = (1280, 844), (390, 844)
# So that plots have a past.
PAST = 100
# Where each look stands on a page's sheet: left, top, width; dark, phone.
SHEET = (1170, 852)
LOOKS = [(0, 0, 640, False, False), (0, 430, 640, True, False), (648, 0, 257, False, True), (913, 0, 257, True, True)]


def happen(daemon):
    """A service that is rolled out twice and loses a task, one that is checked, a job that fails; where to look."""
    web = {"cpu": 128, "memory": 64, "portMappings": [{"containerPort": 8080}]}
    daemon.serve(container(**web, command=["tick"]), count=3, name="shop")
    daemon.serve(container("cart", cpu=64, healthCheck=health_check()), count=2, name="cart")
    (victim, *_) = daemon.tasks("shop")
    os.kill(daemon.container_of(victim).attrs["State"]["Pid"], signal.SIGKILL)
    daemon.stopped(victim["taskArn"])
    daemon.stable("shop")
    daemon.ecs.update_service(service="shop", taskDefinition=daemon.register(container(**web, command=["tick"]), family="shop"))
    daemon.stable("shop")
    failed = daemon.run(container("job", command=["exit", "3"]))
    daemon.stopped(failed)
    time.sleep(PAST)
    (instance,) = daemon.ecs.list_container_instances()["containerInstanceArns"]
    return short(victim["taskArn"]), short(instance)


def seen(browser, url, size, dark, sharpness=1.0):
    """The page as PNG."""
    theme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [theme]})
    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": sharpness, "mobile": size == PHONE}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get(url)
    if url.startswith("http"):
        live = "return document.getElementById('live')?.innerText ?? 'live'"
        wait_for("the connection", lambda: browser.execute_script(live) == "live")
    wait_for("all of it", lambda: browser.execute_script("return [...document.images].every((one) => one.complete)"))
    return base64.b64decode(browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"])


def sheet(browser, url):
    """A page in its four looks on one picture."""
    parts = []
    for left, top, width, dark, phone in LOOKS:
        picture = base64.b64encode(seen(browser, url, PHONE if phone else DESK, dark)).decode()
        parts.append(f'<img style="position:absolute;left:{left}px;top:{top}px;width:{width}px" src="data:image/png;base64,{picture}">')
    with tempfile.NamedTemporaryFile("w", suffix=".html") as file:
        file.write(f'<body style="margin:0;background:#808080">{"".join(parts)}')
        file.flush()
        return seen(browser, f"file://{file.name}", SHEET, dark=False)


def main():
    engine = docker.from_env()
    with tempfile.TemporaryDirectory() as folder:
        daemon = Daemon(engine, folder, MAINSTAY_METRICS_CONTAINER_STATS_INTERVAL="2s").start()
        browser = chromium()
        try:
            victim, instance = happen(daemon)
            shop = f"{PAGES}/services/shop"
            pages = {
                "overview": "/", "tree": "/console/tree", "deployments": "/console/deployments", "events": "/console/events",
                "images": "/console/images", "search": "/console/search?q=shop", "cluster": PAGES, "tasks": f"{PAGES}/tasks",
                "instances": f"{PAGES}/instances", "instance": f"{PAGES}/instances/{instance}", "service": shop,
                "logs": f"{shop}/logs", "scale": f"{shop}/scale?count=5", "task": f"{PAGES}/tasks/{victim}",
                "runbooks": "/runbooks", "runbook": "/runbooks/MainstayCrashLoop",
            }
            for name, path in pages.items():
                (FOLDER / f"pages/{name}.png").write_bytes(sheet(browser, daemon.url + path))
            wide = (1200, 860)
            for name, path, size, dark, sharpness in [
                ("overview-light", pages["overview"], wide, False, 1), ("overview-dark", pages["overview"], wide, True, 1),
                ("service-light", shop, wide, False, 1), ("tree-dark", pages["tree"], wide, True, 1),
                ("task-phone", pages["task"], PHONE, False, 1.5), ("instance-phone-dark", pages["instance"], PHONE, True, 1.5),
            ]:
                (FOLDER / f"{name}.png").write_bytes(seen(browser, daemon.url + path, size, dark, sharpness))
        finally:
            browser.quit()
            daemon.clean_up()


if __name__ == "__main__":
    main()
