"""The console, driven in a real browser as people do: by pointer, by keyboard, by eye and by screen reader."""

import contextlib
import importlib.util
import json
import os
import pathlib
import signal
import urllib.error
import urllib.parse
import urllib.request

import pytest
from selenium import webdriver
from selenium.common.exceptions import JavascriptException, StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from vocabulary import container, get, short, wait_for

PAGES = "/console/clusters/default"
# What axe-core knows of WCAG 2.2 A and AA, and of good habits.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def chromium():
    """A Chromium without a window, and with a log of what its console says."""
    options = webdriver.ChromeOptions()
    options.binary_location = os.environ["CHROMIUM"]
    for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1280,900"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(os.environ["CHROMEDRIVER"]))
    driver.set_page_load_timeout(90)
    driver.set_script_timeout(120)
    return driver


@pytest.fixture(scope="module")
def browser():
    """One for all scenarios of this file."""
    if "CHROMIUM" not in os.environ:
        pytest.fail("CHROMIUM is not set; run the scenarios through cargo xtask test")
    driver = chromium()
    yield driver
    driver.quit()


def text(browser):
    """What can be read on the page now; nothing while another one is on its way."""
    try:
        return browser.execute_script("return document.getElementById('main')?.innerText ?? ''")
    except JavascriptException:
        return ""


def shows(browser, *words):
    """Waits until the page has these words, without loading it again."""
    return wait_for(f"{words} on the page", lambda: all(word in text(browser) for word in words))


def look(browser, dark=False, phone=False):
    """What the browser is looked at with."""
    theme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [theme]})
    size = {"width": 390 if phone else 1280, "height": 844, "deviceScaleFactor": 1, "mobile": phone}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def axe():
    """Deque's axe-core, as a Python package carries it."""
    package = importlib.util.find_spec("axe_playwright_python")
    return pathlib.Path(package.origin).with_name("axe.min.js").read_text()


def barriers(browser):
    """What axe-core has against the page."""
    # By the driver, since the page's own policy lets no script in that is not the console's.
    browser.execute_script(axe())
    found = browser.execute_async_script(
        "const [rules, done] = arguments; axe.run(document, {runOnly: rules}).then((all) => done(all.violations));", RULES
    )
    return [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found]


def press(browser, *keys):
    actions = webdriver.ActionChains(browser)
    for key in keys:
        actions.send_keys(key)
    actions.perform()


def tab_to(browser, what):
    """Goes on by the tabulator key until what has the focus is called so."""
    for _ in range(80):
        press(browser, Keys.TAB)
        focused = browser.switch_to.active_element
        # The page may have been brought up to date in between.
        with contextlib.suppress(StaleElementReferenceException):
            if what in (focused.text, focused.get_attribute("id"), focused.get_attribute("aria-label")):
                return focused
    raise AssertionError(f"no {what} is reached by keyboard")


def kill(daemon, task):
    os.kill(daemon.container_of(task).attrs["State"]["Pid"], signal.SIGKILL)


@pytest.mark.slow
def test_the_supervision_tree_follows_a_kill_without_being_loaded_again(daemon, browser):
    service = daemon.serve()
    (task,) = daemon.tasks(service)
    browser.get(f"{daemon.url}/console/tree?at=root/clusters/default/services/{service}")
    shows(browser, short(task["taskArn"])[:8], "RUNNING")
    wait_for("the connection", lambda: browser.execute_script("return document.getElementById('live').innerText") == "live")
    browser.execute_script("window.isTheSame = true")
    kill(daemon, task)
    shows(browser, "1 task failed; the last one ended: the essential container web ended with exit code 137 (killed)")
    (successor,) = wait_for("a replacement", lambda: daemon.tasks(service))
    shows(browser, short(successor["taskArn"])[:8])
    assert browser.execute_script("return window.isTheSame"), "the page was loaded again"


def test_a_service_and_its_instance_show_what_containers_use(daemon):
    service = daemon.serve()
    (instance,) = daemon.ecs.list_container_instances()["containerInstanceArns"]
    for of in (f"services/{service}", f"instances/{short(instance)}"):
        page = lambda: get(f"{daemon.url}{PAGES}/{of}")[1]
        wait_for(f"plots of CPU and memory of {of}", lambda: " cores now, " in page() and " MiB now, " in page(), limit=120)
    # In numbers, too: all of them together, and of each task once it was looked at.
    assert "In use by tasks" in page() and "not sampled" not in page()
    wait_for("what the task uses", lambda: " of 64 MiB" in page(), limit=120)
    assert "CPU in use" in get(f"{daemon.url}{PAGES}/instances")[1]


@pytest.mark.slow
def test_a_service_is_scaled_and_a_task_stopped_with_the_keyboard_alone(daemon, browser):
    service = daemon.serve()
    browser.get(f"{daemon.url}{PAGES}/services/{service}")
    press(browser, Keys.TAB)
    assert browser.switch_to.active_element.text == "Skip to content"
    press(browser, Keys.ENTER)
    tab_to(browser, "count")
    press(browser, Keys.CONTROL + "a" + Keys.NULL, "2", Keys.ENTER)
    shows(browser, "From 1 to 2: 1 task more.")
    assert daemon.service(service)["desiredCount"] == 1, "nothing is changed before it was asked once more"
    tab_to(browser, "Scale")
    press(browser, Keys.ENTER)
    shows(browser, "The desired count is changed", "2 of 2 wanted")
    assert daemon.service(service)["desiredCount"] == 2
    (first, _) = daemon.tasks(service)
    browser.get(f"{daemon.url}{PAGES}/tasks/{short(first['taskArn'])}")
    tab_to(browser, "Stop…")
    press(browser, Keys.ENTER)
    shows(browser, "Its service starts another one in its place.")
    tab_to(browser, "reason")
    press(browser, "seen <enough>")
    tab_to(browser, "Stop the task")
    press(browser, Keys.ENTER)
    shows(browser, "STOPPED", "somebody stopped it: seen <enough>")
    assert daemon.stopped(first["taskArn"])["stoppedReason"] == "seen <enough>"


@pytest.mark.slow
def test_a_log_is_followed_and_why_a_task_ended_is_read(daemon, browser):
    ticking = daemon.run(container(command=["tick"]))
    daemon.running(ticking)
    browser.get(f"{daemon.url}{PAGES}/tasks/{short(ticking)}/logs")
    shows(browser, "tick 1", "tock 1")
    last = browser.execute_script("return [...document.querySelectorAll('#log p')].at(-1).innerText").split()[-1]
    shows(browser, f"tick {int(last) + 2}")
    failed = daemon.run(container(command=["exit", "3"]))
    daemon.stopped(failed)
    browser.get(f"{daemon.url}/")
    press(browser, "/", short(failed), Keys.ENTER)
    shows(browser, "1 result")
    browser.find_element(By.LINK_TEXT, short(failed)).click()
    shows(browser, "the essential container web ended with exit code 3", "3 (ended by itself, with an error)")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_page_is_without_errors_open_to_all_and_asks_nobody_else(daemon, browser):
    service = daemon.serve(container(portMappings=[{"containerPort": 8080}]), count=2)
    (killed, other) = daemon.tasks(service)
    kill(daemon, killed)
    daemon.stopped(killed["taskArn"])
    daemon.stable(service)
    (instance,) = daemon.ecs.list_container_instances()["containerInstanceArns"]
    pages = [
        "/", "/console/tree", "/console/deployments", "/console/events", "/console/images", f"/console/search?q={service[:9]}",
        "/runbooks", "/runbooks/MainstayRestartIntensityHigh",
        PAGES, f"{PAGES}/tasks", f"{PAGES}/tasks?show=failed", f"{PAGES}/instances", f"{PAGES}/instances/{short(instance)}",
        f"{PAGES}/services/{service}", f"{PAGES}/services/{service}/logs", f"{PAGES}/services/{service}/scale?count=3",
        f"{PAGES}/services/{service}/deploy", f"{PAGES}/tasks/{short(killed['taskArn'])}",
        f"{PAGES}/tasks/{short(other['taskArn'])}", f"{PAGES}/tasks/{short(other['taskArn'])}/stop",
    ]
    browser.get_log("browser")
    found = {}
    for page in pages:
        browser.get(daemon.url + page)
        for dark, phone in ((False, False), (True, True)):
            look(browser, dark, phone)
            # Colours fade over where they change; what is measured is what they come to.
            if wrong := barriers(browser):
                found[(page, dark, phone)] = wrong
            wide = browser.execute_script("return document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{page} is {wide} px wider than {'a phone' if phone else 'the window'}"
        asked = browser.execute_script("return performance.getEntriesByType('resource').map((one) => one.name)")
        assert asked and all(name.startswith(daemon.url + "/") for name in asked), asked
        assert len(browser.find_elements(By.TAG_NAME, "h1")) == 1
    look(browser)
    assert not found, found
    assert not [line for line in browser.get_log("browser") if line["level"] == "SEVERE"]


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def send(url, form=None, **headers):
    """A request as a browser without script sends it: status, headers and text."""
    data = urllib.parse.urlencode(form).encode() if form is not None else None
    request = urllib.request.Request(url, data, {name.replace("_", "-"): value for name, value in headers.items()})
    try:
        answer = urllib.request.build_opener(NoRedirect).open(request, timeout=60)
    except urllib.error.HTTPError as refusal:
        answer = refusal
    with answer:
        return answer.status, answer.headers, answer.read().decode()


def test_without_a_script_pages_load_themselves_again_and_forms_do_what_they_say(daemon):
    service = daemon.serve()
    address = f"{daemon.url}{PAGES}/services/{service}"
    status, headers, page = send(address)
    assert status == 200 and '<noscript><meta http-equiv="refresh"' in page and f'action="{PAGES}/services/{service}/scale"' in page
    assert "script-src 'self'" in headers["content-security-policy"] and "unsafe" not in headers["content-security-policy"]
    status, headers, _ = send(f"{address}/scale", {"count": "0"}, Origin=daemon.url)
    assert status == 303 and headers["location"] == f"{PAGES}/services/{service}?done=scale"
    assert daemon.service(service)["desiredCount"] == 0
    # The API's own refusals, in its own words.
    status, _, page = send(f"{address}/scale", {"count": "5001"})
    assert status == 400 and "desiredCount" in page and 'role="alert"' in page
    status, _, page = send(f"{address}/scale", {"count": "many"})
    assert status == 400 and "Desired count is 'many'; it must be a whole number from 0 to 5000." in page
    status, _, page = send(f"{daemon.url}{PAGES}/services/nowhere")
    assert status == 404 and "There is no service nowhere in cluster default." in page


def test_what_other_sites_send_or_lead_here_is_refused(daemon):
    service = daemon.serve()
    address = f"{daemon.url}{PAGES}/services/{service}"
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}):
        status, _, said = send(f"{address}/scale", {"count": "0"}, **headers)
        assert status == 403 and "only the console's own pages may change things here" in said
    assert daemon.service(service)["desiredCount"] == 1
    # A name of somebody else's that leads to this address (DNS rebinding).
    status, _, said = send(address, Host="evil.example:7077")
    assert status == 403 and "server.names" in said
    reads = ["logs", "events", "explain", "tree", "pulls", "schedules"]
    for address in (f"{daemon.url}/v1/{read}" for read in reads):
        status, _, said = send(address, Host="evil.example:7077")
        assert status == 403 and "server.names" in json.loads(said)["error"], address
    # The API answers clients by any name, and no page that such a name led here.
    target = {"X-Amz-Target": "AmazonEC2ContainerServiceV20141113.ListClusters", "Host": "evil.example:7077"}
    assert daemon.post("ListClusters", {}, target)[0] == 200
    page = {**target, "Origin": "http://evil.example:7077"}
    assert daemon.post("ListClusters", {}, page)[:2] == (403, "AccessDeniedException")
    # A command that comes by a name that is not known (no browser writes this address so) is told what to do.
    by_name = daemon.url.replace("127.0.0.1", "127.1")
    done = daemon.mainstay("tree", "--endpoint-url", by_name)
    assert done.returncode == 69 and "server.names" in done.stderr
    assert daemon.mainstay("status", "--endpoint-url", by_name).stdout
    assert get(f"{daemon.url}/readyz")[0] == 200


def test_long_lists_come_in_pages(simulations):
    fleet = simulations(60)
    name = fleet.serve(definition=fleet.register(container(memory=32)), count=1000, stable=False)
    wait_for("a thousand tasks", lambda: fleet.service(name)["runningCount"] == 1000, limit=180, every=1)
    pages = ["/", "/console/tree", f"{PAGES}/tasks", f"{PAGES}/services/{name}", "/console/images", f"/console/search?q={name}"]
    for page in pages:
        status, text = get(fleet.url + page, timeout=60)
        assert status == 200 and len(text) < 150_000, (page, len(text))
    assert "1–50 of 1000" in get(f"{fleet.url}{PAGES}/tasks")[1]
    assert "951–1000 of 1000" in get(f"{fleet.url}{PAGES}/tasks?page=20")[1]
