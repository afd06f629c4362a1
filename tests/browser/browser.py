"""A real browser, and its tabs as the tests see them."""

import shutil
import tempfile
import time

from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

DEADLINE = 20  # seconds until what is waited for must have happened
FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
    # A tab behind another one is no sleeping tab here.
    "--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
]


class Browser:
    """Chromium with a fresh profile."""

    def __init__(self, *flags):
        self.profile = tempfile.mkdtemp(prefix="tina4-browser-")
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for flag in (*FLAGS, *flags, f"--user-data-dir={self.profile}", "--window-size=1100,800"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        options.page_load_strategy = "eager"
        try:
            self.driver = webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)
        except Exception:
            shutil.rmtree(self.profile, ignore_errors=True)
            raise
        self.first = self.driver.current_window_handle  # stays, so that the browser does

    def quit(self):
        self.driver.quit()
        shutil.rmtree(self.profile, ignore_errors=True)

    def open(self, url):
        self.driver.switch_to.new_window("window")
        return Tab(self.driver, self.driver.current_window_handle).go(url)

    def close_tabs(self):
        for handle in self.driver.window_handles:
            if handle != self.first:
                self.driver.switch_to.window(handle)
                self.driver.close()
        self.driver.switch_to.window(self.first)

    def complaints(self):
        """What the console holds since it was asked last, without what is only told."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["level"] in ("WARNING", "SEVERE")]


class Tab:
    """A window of its own; each call goes there first."""

    def __init__(self, driver, handle):
        self.driver = driver
        self.handle = handle

    def _here(self):
        self.driver.switch_to.window(self.handle)
        return self.driver

    def go(self, url):
        self._here().get(url)
        return self

    def reload(self):
        self._here().refresh()

    def close(self):
        self._here().close()

    def run(self, script, *args):
        return self._here().execute_script(script, *args)

    @property
    def url(self):
        return self._here().current_url

    def find(self, css):
        return self._here().find_element(By.CSS_SELECTOR, css)

    def find_all(self, css):
        return self._here().find_elements(By.CSS_SELECTOR, css)

    def shows(self, css):
        return any(element.is_displayed() for element in self.find_all(css))

    def text(self, css):
        """What the element says, also what is scrolled out of sight."""
        return self.run("return document.querySelector(arguments[0])?.textContent.trim()", css)

    def texts(self, css):
        return self.run("return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent.trim())", css)

    def click(self, css):
        self.find(css).click()

    def write(self, css, text, enter=True):
        element = self.find(css)
        element.clear()
        element.send_keys(text + (Keys.ENTER if enter else ""))

    def focused(self):
        return self._here().switch_to.active_element

    def press(self, *keys):
        self.focused().send_keys(*keys)

    def until(self, condition, what):
        """Polls until condition() is true, and returns what it returned."""
        end = time.monotonic() + DEADLINE
        while True:
            try:
                value = condition()
            except (NoSuchElementException, StaleElementReferenceException):
                value = None
            if value:
                return value
            assert time.monotonic() < end, f"never came true: {what}; the page says:\n{self.text('body')}"
            time.sleep(0.02)

    def until_text(self, css, text):
        self.until(lambda: self.text(css) == text, f"{css} says {text!r}, not {self.text(css)!r}")
