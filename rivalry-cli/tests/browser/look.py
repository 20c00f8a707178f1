#!/usr/bin/env python3
"""Opens reports in Chromium and says what is wrong with them.

    look.py CHROMIUM HOSTILE.html FRIENDLY.html REPORT.json [SCREENSHOTS]

Both pages show the same report, HOSTILE with names that try to run something. Drives the browser over a pair of pipes
(the DevTools protocol); needs Python's standard library only. Prints one line per finding; exit status 1 if there are any.
"""

import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync --disable-extensions --hide-scrollbars --remote-debugging-pipe""".split()
PATIENCE = 40.0


class Browser:
    """A browser and one page in it."""

    def __init__(self, program, profile):
        to_browser, mine_out = os.pipe()
        mine_in, from_browser = os.pipe()

        def child():
            # The protocol is spoken on 3 and 4; a copy first, lest one lands on the other.
            reading, writing = os.dup(to_browser), os.dup(from_browser)
            os.dup2(reading, 3)
            os.dup2(writing, 4)

        self.process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            preexec_fn=child, close_fds=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.out, self.input = mine_out, mine_in
        self.buffer, self.count, self.events, self.session = b"", 0, [], None
        self.deadline = time.monotonic() + PATIENCE
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def receive(self):
        while b"\0" not in self.buffer:
            if time.monotonic() > self.deadline:
                raise TimeoutError("the browser does not answer")
            part = os.read(self.input, 1 << 20)
            if not part:
                raise EOFError("the browser has ended")
            self.buffer += part
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **params):
        self.count += 1
        message = {"id": self.count, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.count:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait(self, method):
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.receive())

    def open(self, path):
        self.events = []
        self.call("Page.navigate", url=pathlib.Path(path).resolve().as_uri())
        self.wait("Page.loadEventFired")

    def ask(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"])[:600])
        return answer["result"].get("value")

    def size(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=width < 600)

    def scheme(self, name):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def press(self, key, code):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code,
                      text="\r" if key == "Enter" and kind == "keyDown" else "")

    def picture(self, path):
        data = self.call("Page.captureScreenshot")["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(data))

    def end(self):
        try:
            self.session = None
            self.call("Browser.close")
        except (EOFError, OSError, TimeoutError):
            self.process.kill()
        self.process.wait(10)


# Names in backticks stand out, and labels of figures break into lines where they are long.
COUNT = """(() => { const n = {}; for (const e of document.querySelectorAll('*'))
  if (!['CODE', 'text', 'tspan'].includes(e.tagName)) n[e.tagName] = (n[e.tagName] || 0) + 1; return n; })()"""

# Everything that a reader with a keyboard or a screen reader needs.
READABLE = """(() => {
  const wrong = [];
  const all = s => Array.from(document.querySelectorAll(s));
  const levels = all('h1,h2,h3,h4').map(h => Number(h.tagName[1]));
  if (levels.filter(l => l === 1).length !== 1) wrong.push('not one h1');
  levels.forEach((l, i) => { if (i && l > levels[i - 1] + 1) wrong.push('a heading skips a level'); });
  for (const one of ['header', 'main', 'footer', 'nav']) if (all(one).length !== 1) wrong.push('not one ' + one);
  if (!document.documentElement.lang) wrong.push('no language');
  for (const t of all('table')) {
    if (!t.caption || !t.caption.textContent.trim()) wrong.push('a table without caption');
    if (t.querySelector('th:not([scope])')) wrong.push('a head without scope');
  }
  for (const s of all('svg')) {
    if (s.getAttribute('role') !== 'img' || !s.querySelector('title') || !s.querySelector('desc'))
      wrong.push('a figure without words');
  }
  for (const a of all('nav a')) if (!document.querySelector(a.getAttribute('href'))) wrong.push('a link to nothing');
  const ids = all('[id]').map(e => e.id);
  if (new Set(ids).size !== ids.length) wrong.push('an id stands twice');
  for (const e of all('[aria-labelledby]'))
    if (!document.getElementById(e.getAttribute('aria-labelledby'))) wrong.push('a label that is not there');
  return wrong;
})()"""

# WCAG 2.1, contrast of text against what is behind it (4.5 to 1), where that is a plain colour.
CONTRAST = """(() => {
  const parts = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const lum = c => { const [r, g, b] = parts(c).map(v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
    return .2126 * r + .7152 * g + .0722 * b; };
  const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if (parts(c)[3] !== 0) return c; } return 'rgb(255,255,255)'; };
  const wrong = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const e = node.parentElement;
    if (!node.textContent.trim() || !e.getClientRects().length || e.closest('title,desc,script,.tip,.vh')) continue;
    const svg = e.closest('svg');
    // Labels inside the cells of a map lie on its colours.
    if (svg && !e.closest('.plot') && e.getAttribute('text-anchor') === 'middle') continue;
    const style = getComputedStyle(e);
    const [a, b] = [lum(svg ? style.fill : style.color), lum(behind(e))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) wrong.add(e.tagName + '.' + e.getAttribute('class') + ' ' + ratio.toFixed(2) + ' ' + node.textContent.trim().slice(0, 30));
  }
  return Array.from(wrong).slice(0, 5);
})()"""

# The column of a sortable table whose numbers differ most, sorted by its button.
SORT = """(() => {
  const table = document.querySelector('table.sortable');
  const head = Array.from(table.tHead.rows[0].cells).findIndex(c => c.classList.contains('n'));
  const values = () => Array.from(table.tBodies[0].rows).map(r => Number(r.cells[head].dataset.v));
  const button = table.tHead.rows[0].cells[head].querySelector('button');
  const before = values();
  const sorted = before.slice().sort((a, b) => b - a);
  const wrong = [];
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  button.click();
  if (!same(values(), sorted)) wrong.push('not sorted down: ' + values());
  if (table.tHead.rows[0].cells[head].getAttribute('aria-sort') !== 'descending') wrong.push('aria-sort says nothing');
  button.click();
  if (!same(values(), sorted.slice().reverse())) wrong.push('not sorted up: ' + values());
  button.click();
  if (!same(values(), before)) wrong.push('the third click does not bring the order back');
  if (before.length < 3) wrong.push('there is nothing to sort');
  button.focus();
  return wrong;
})()"""


def quiet(browser, path):
    """What the page said or asked for since it was opened."""
    wrong = []
    browser.ask("new Promise(done => setTimeout(done, 200))")
    for event in browser.events:
        method, params = event.get("method"), event.get("params", {})
        if method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded",
                      "Page.javascriptDialogOpening"):
            wrong.append(f"{method}: {json.dumps(params)[:300]}")
        if method == "Network.requestWillBeSent":
            url = params["request"]["url"]
            if url != pathlib.Path(path).resolve().as_uri():
                wrong.append(f"a request: {url[:200]}")
        if method == "Page.frameNavigated" and "parentId" in params["frame"]:
            wrong.append("a frame")
    return wrong


def saved(browser, folder, click, name):
    """The bytes of a file that a click saves."""
    folder.mkdir()
    session, browser.session = browser.session, None
    browser.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
    browser.session = session
    browser.call("Runtime.evaluate", expression=click, userGesture=True)
    path = folder / name
    until = time.monotonic() + 5
    while not path.exists() and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.1)
    return path.read_bytes() if path.exists() else b""


def look(browser, hostile, friendly, report, folder, pictures):
    wrong = []

    def must(is_right, words):
        if not is_right:
            wrong.append(words)

    for path in (friendly, hostile):
        browser.size(1280, 900)
        browser.scheme("light")
        browser.open(path)
        wrong += quiet(browser, path)
    must(browser.ask("typeof window.pwned") == "undefined", "a name ran a script")
    hostile_count = browser.ask(COUNT)
    wrong += [f"sorting: {words}" for words in browser.ask(SORT)]
    browser.press("Enter", 13)
    must(browser.ask("document.querySelector('[aria-sort]') !== null"), "Enter on a head does not sort")
    must(browser.ask("typeof window.pwned") == "undefined", "a name ran a script while sorting")
    wrong += browser.ask(READABLE)

    browser.open(friendly)
    count = browser.ask(COUNT)
    must(count == hostile_count, f"names made elements: {hostile_count} instead of {count}")
    wrong += browser.ask(READABLE)
    tip = "getComputedStyle(document.querySelector('td.has-tip .tip')).display"
    must(browser.ask(tip) == "none", "notes on numbers are shown at once")
    browser.ask("document.querySelector('td.has-tip').focus()")
    must(browser.ask(tip) == "block", "focus does not show how a number was made")
    must("n = " in browser.ask("document.querySelector('td.has-tip .tip').textContent"), "the note does not tell n")
    browser.ask("document.activeElement.blur()")

    for width, shown, hidden in ((1280, "wide", "narrow"), (390, "narrow", "wide"), (360, "narrow", "wide")):
        browser.size(width, 844 if width < 600 else 900)
        room = browser.ask("document.documentElement.scrollWidth")
        must(room <= width, f"at {width} pixels the page is {room} wide")
        size = "Array.from(document.querySelectorAll('.%s svg')).map(s => s.getBoundingClientRect().width)"
        must(all(w > 250 for w in browser.ask(size % shown)), f"a figure is not drawn at {width}")
        must(not any(browser.ask(size % hidden)), f"a figure is drawn twice at {width}")
        for scheme in ("light", "dark"):
            browser.scheme(scheme)
            paper = browser.ask("getComputedStyle(document.body).backgroundColor")
            must((paper == "rgb(255, 255, 255)") == (scheme == "light"), f"{scheme} is drawn on {paper}")
            wrong += [f"contrast, {scheme}: {words}" for words in browser.ask(CONTRAST)]
            if pictures and width != 360:
                height = browser.ask("document.documentElement.scrollHeight")
                browser.picture(f"{pictures}/{width}-{scheme}.png")
                browser.size(width, min(height, 16000))
                browser.picture(f"{pictures}/{width}-{scheme}-whole.png")
                browser.size(width, 844 if width < 600 else 900)

    browser.scheme("light")
    browser.size(1280, 900)
    document = json.loads(pathlib.Path(report).read_text())
    json_file = saved(browser, folder / "json", "document.querySelector('#save button').click()", "report.json")
    must(json_file and json.loads(json_file) == document, "the button does not save the document")
    csv_file = saved(browser, folder / "csv", "document.querySelector('a[download]').click()", "table.csv")
    must(csv_file.startswith(b"table,row,column,value,low,high"), "the link does not save a table")
    must(len(browser.call("Page.printToPDF")["data"]) > 10_000, "it does not print")

    words = browser.ask("document.querySelector('main').innerText.replace(/\\s+/g, ' ')")
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(friendly)
    browser.call("Emulation.setScriptExecutionDisabled", value=False)
    must(browser.ask("document.querySelector('main').innerText.replace(/\\s+/g, ' ')") == words,
         "without its script the page says something else")
    must(pathlib.Path(friendly).stat().st_size < 2_000_000, "the page is larger than 2 MB")
    return wrong


def main():
    program, hostile, friendly, report = sys.argv[1:5]
    pictures = sys.argv[5] if len(sys.argv) > 5 else None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(program, folder + "/profile")
        try:
            wrong = look(browser, hostile, friendly, report, pathlib.Path(folder), pictures)
        finally:
            browser.end()
    for words in wrong:
        print(words)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
