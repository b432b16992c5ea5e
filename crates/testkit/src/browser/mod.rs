//! A real browser without a window: Chromium, driven over `WebDriver`.
//!
//! A page is seen as those see it who cannot: by the roles and names that the browser computes for assistive technology. So
//! a test finds a button by what it is called, and a control without a name is a failure and no detail.
//!
//! The protocol is JSON over HTTP/1.1 on loopback, a connection for each command; what `WebDriver` has no words for, such as
//! themes, goes through to Chromium as it is. Everything blocks until the browser has answered, and nothing waits by the
//! clock: [`Browser::wait_for`] is told by the page itself.

mod wire;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

/// So often it is asked whether a page is there.
const ASKED_AGAIN: usize = 50_000;
/// So many pages may come and go while a text is waited for.
const PAGES_MEANWHILE: usize = 10;

const DRIVER: &str = "/usr/bin/chromedriver";
const PROGRAM: &str = "/usr/bin/chromium";

/// The browser. Dropping it ends it.
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
    profile: TempDir,
}

/// Which colours a person asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// Something on a page, as assistive technology is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// `button`, `link`, `textbox` …
    pub role: String,
    /// What it is called.
    pub name: String,
    id: i64,
}

/// A tab of the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab(String);

impl Browser {
    /// Starts one with a profile of its own; nothing where it is not installed, which is counted.
    ///
    /// # Panics
    ///
    /// It is installed and does not start.
    pub fn start() -> Option<Self> {
        if !Path::new(DRIVER).exists() || !Path::new(PROGRAM).exists() {
            crate::database::note_skip();
            return None;
        }
        let profile = tempfile::Builder::new().prefix("tidegate-browser-").tempdir().expect("a folder can be made");
        let mut driver = Command::new(DRIVER)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the driver starts");
        let mut lines = BufReader::new(driver.stdout.take().expect("it is piped")).lines().map_while(Result::ok);
        let port = lines.find_map(|line| {
            let port = line.split("successfully on port ").nth(1)?;
            port.trim_end_matches('.').parse().ok()
        });
        // what else it says is read, so that it never waits for a reader
        std::thread::spawn(move || lines.for_each(drop));
        let mut browser =
            Self { driver, port: port.expect("the driver says its port"), session: String::new(), profile };
        browser.open_session();
        Some(browser)
    }

    fn open_session(&mut self) {
        let folder = format!("--user-data-dir={}", self.profile.path().display());
        let mut words =
            vec!["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", &folder];
        if nix::unistd::Uid::effective().is_root() {
            words.push("--no-sandbox");
        }
        let options = json!({"binary": PROGRAM, "args": words});
        let wanted = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}});
        let session = wire::ask(self.port, "POST", "/session", Some(&wanted));
        session["sessionId"].as_str().expect("a session has an id").clone_into(&mut self.session);
    }

    fn post(&self, command: &str, body: &Value) -> Value {
        wire::ask(self.port, "POST", &format!("/session/{}/{command}", self.session), Some(body))
    }

    fn get(&self, what: &str) -> Value {
        wire::ask(self.port, "GET", &format!("/session/{}/{what}", self.session), None)
    }

    /// A command in Chromium's own words.
    fn own(&self, command: &str, parameters: &Value) -> Value {
        self.post("goog/cdp/execute", &json!({"cmd": command, "params": parameters}))
    }

    /// Loads a page, and comes back when it is there.
    pub fn open(&self, url: &str) {
        self.post("url", &json!({"url": url}));
    }

    /// Where it is.
    ///
    /// # Panics
    ///
    /// The browser is gone.
    pub fn url(&self) -> String {
        self.get("url").as_str().expect("a page has an address").to_owned()
    }

    /// So wide and so high are pages from now on.
    pub fn size(&self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.own("Emulation.setDeviceMetricsOverride", &size);
    }

    /// What pages are told of the person's taste.
    pub fn theme(&self, theme: Theme) {
        let value = match theme {
            Theme::Light => "light",
            Theme::Dark => "dark",
        };
        let feature = json!({"name": "prefers-color-scheme", "value": value});
        self.own("Emulation.setEmulatedMedia", &json!({"features": [feature]}));
    }

    /// Whether the scripts of pages that are loaded from now on run. Tests look into a page all the same.
    pub fn scripts(&self, run: bool) {
        self.own("Emulation.setScriptExecutionDisabled", &json!({"value": !run}));
    }

    /// What a function body gives, with these arguments.
    pub fn look(&self, script: &str, arguments: &[Value]) -> Value {
        self.post("execute/sync", &json!({"script": script, "args": arguments}))
    }

    /// Comes back when that text is on the page, whenever the page changes so.
    ///
    /// # Panics
    ///
    /// It does not within half a minute, or on so many pages.
    pub fn wait_for(&self, text: &str) {
        const SCRIPT: &str = "const [text, done] = arguments;
            const is = () => document.body.innerText.includes(text);
            if (is()) return done(true);
            const observer = new MutationObserver(() => {
                if (is()) { observer.disconnect(); done(true); }
            });
            observer.observe(document.body, {subtree: true, childList: true, characterData: true});";
        let asked = json!({"script": SCRIPT, "args": [text]});
        let path = format!("/session/{}/execute/async", self.session);
        // a page that goes away takes the script with it, which the driver calls a timeout too
        let comes = |_| {
            let answer = wire::try_ask(self.port, "POST", &path, Some(&asked)).unwrap_or_default();
            answer["value"] == json!(true)
        };
        assert!((0..PAGES_MEANWHILE).any(comes), "{text:?} does not come at {}", self.url());
    }

    /// All that assistive technology is told of the page.
    ///
    /// # Panics
    ///
    /// The browser is gone.
    pub fn nodes(&self) -> Vec<Node> {
        let tree = self.own("Accessibility.getFullAXTree", &json!({}));
        let text = |value: &Value| value["value"].as_str().unwrap_or_default().trim().to_owned();
        let node = |node: &Value| {
            let id = node["backendDOMNodeId"].as_i64()?;
            (node["ignored"] != json!(true)).then(|| Node { role: text(&node["role"]), name: text(&node["name"]), id })
        };
        tree["nodes"].as_array().expect("a tree has nodes").iter().filter_map(node).collect()
    }

    /// The one thing of that role that is called so.
    ///
    /// # Panics
    ///
    /// There is none, or more than one.
    pub fn find(&self, role: &str, name: &str) -> Node {
        let nodes = self.nodes();
        let mut found: Vec<_> = nodes.iter().filter(|node| node.role == role && node.name == name).collect();
        let all = || nodes.iter().filter(|node| node.role == role).map(|node| node.name.as_str()).collect::<Vec<_>>();
        assert_eq!(found.len(), 1, "one {role} {name:?} at {}; there are {:?}", self.url(), all());
        found.remove(0).clone()
    }

    /// Clicks on what leads to another page, and comes back when that is there.
    ///
    /// # Panics
    ///
    /// It leads nowhere.
    pub fn follow(&self, role: &str, name: &str) {
        const IS_THERE: &str =
            "return document.readyState === 'complete' && !('left' in document.documentElement.dataset)";
        self.look("document.documentElement.dataset.left = ''", &[]);
        self.click(role, name);
        let asked = json!({"script": IS_THERE, "args": []});
        let path = format!("/session/{}/execute/sync", self.session);
        // the browser answers when it can, and meanwhile says that there is no page
        let is_there = |_| {
            let answer = wire::try_ask(self.port, "POST", &path, Some(&asked));
            answer.is_some_and(|answer| answer["value"] == json!(true))
        };
        assert!((0..ASKED_AGAIN).any(is_there), "{role} {name:?} leads nowhere from {}", self.url());
    }

    /// Clicks.
    pub fn click(&self, role: &str, name: &str) {
        let element = self.element(&self.find(role, name));
        self.post(&format!("element/{element}/click"), &json!({}));
    }

    /// Types into a field, in place of what it has.
    pub fn fill(&self, role: &str, name: &str, text: &str) {
        let element = self.element(&self.find(role, name));
        self.post(&format!("element/{element}/clear"), &json!({}));
        self.post(&format!("element/{element}/value"), &json!({"text": text}));
    }

    /// Chooses an entry of a list by what it says.
    pub fn choose(&self, name: &str, entry: &str) {
        let element = self.element(&self.find("combobox", name));
        self.post(&format!("element/{element}/value"), &json!({"text": entry}));
    }

    /// Presses keys, one after the other, wherever the focus is.
    pub fn press(&self, keys: &str) {
        let actions: Vec<_> = keys
            .chars()
            .flat_map(|key| [json!({"type": "keyDown", "value": key}), json!({"type": "keyUp", "value": key})])
            .collect();
        self.post("actions", &json!({"actions": [{"type": "key", "id": "keys", "actions": actions}]}));
    }

    /// The node as `WebDriver` knows it: it is marked in the page, and found by the mark.
    fn element(&self, node: &Node) -> String {
        const MARK: &str = "function() {
            document.querySelector('[data-found]')?.removeAttribute('data-found');
            this.setAttribute('data-found', '');
        }";
        let object = self.own("DOM.resolveNode", &json!({"backendNodeId": node.id}));
        let object = &object["object"]["objectId"];
        self.own("Runtime.callFunctionOn", &json!({"objectId": object, "functionDeclaration": MARK}));
        let found = self.post("element", &json!({"using": "css selector", "value": "[data-found]"}));
        let id = found.as_object().and_then(|found| found.values().next()).and_then(Value::as_str);
        id.expect("the mark is there").to_owned()
    }

    /// The tab that is in front.
    ///
    /// # Panics
    ///
    /// The browser is gone.
    pub fn tab(&self) -> Tab {
        Tab(self.get("window").as_str().expect("a tab has a name").to_owned())
    }

    /// Opens another tab in front; the others are hidden then.
    ///
    /// # Panics
    ///
    /// The browser is gone.
    pub fn new_tab(&self) -> Tab {
        let made = self.post("window/new", &json!({"type": "tab"}));
        let tab = Tab(made["handle"].as_str().expect("a tab has a name").to_owned());
        self.show(&tab);
        tab
    }

    /// Brings a tab to the front.
    pub fn show(&self, tab: &Tab) {
        self.post("window", &json!({"handle": tab.0}));
        self.own("Page.bringToFront", &json!({}));
    }

    /// The page as a PNG, from its top, at most so high.
    ///
    /// # Panics
    ///
    /// The browser is gone.
    pub fn picture(&self, height: u32) -> Vec<u8> {
        let size = self.own("Page.getLayoutMetrics", &json!({}));
        let (width, all) = (&size["cssContentSize"]["width"], size["cssContentSize"]["height"].as_f64());
        let height = all.unwrap_or_default().min(f64::from(height));
        let clip = json!({"x": 0, "y": 0, "width": width, "height": height, "scale": 1});
        let options = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let picture = self.own("Page.captureScreenshot", &options);
        STANDARD.decode(picture["data"].as_str().unwrap_or_default()).expect("a picture is base64")
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        wire::try_ask(self.port, "DELETE", &format!("/session/{}", self.session), None);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
