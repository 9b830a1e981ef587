//! The incident report in headless Chromium.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::incident::{hostile_repo, page, story};
use crate::support::Repo;
use crate::support::browser::Browser;

/// The lowest contrast between a text and what is behind it, by WCAG 2.2, with the text.
const CONTRAST: &str = r"(() => {
    const numbers = color => color.match(/[\d.]+/g).map(Number);
    const channel = value => value <= 10.31 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
    const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
    const behind = element => {
        for (let at = element; at; at = at.parentElement) {
            const color = numbers(getComputedStyle(at).backgroundColor);
            if (color.length < 4 || color[3] > 0) return color;
        }
        return [255, 255, 255];
    };
    let worst = [21, ''];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || ['title', 'desc'].includes(element.localName)) continue;
        const style = getComputedStyle(element);
        const color = numbers(element instanceof SVGElement ? style.fill : style.color);
        const [a, b] = [luminance(color), luminance(behind(element))].sort((one, other) => other - one);
        const contrast = (a + 0.05) / (b + 0.05);
        if (contrast < worst[0]) worst = [contrast, walker.currentNode.data];
    }
    return worst;
})()";

/// How many pixels the page is wider than the window.
const OVERFLOW: &str = "document.documentElement.scrollWidth - window.innerWidth";

struct Fixture {
    browser: Browser,
    repo: Repo,
}

impl Fixture {
    fn new() -> Self {
        let repo = Repo::none();
        let browser = Browser::start(repo.base());
        Self { browser, repo }
    }

    fn urls(&self) -> Vec<&str> {
        self.browser.wanted.iter().map(|wanted| &*wanted.url).collect()
    }

    /// Whether the page asked for a picture, and whether its policy blocked that.
    fn wanted_picture(&self) -> Option<bool> {
        let picture = self.browser.wanted.iter().find(|wanted| wanted.url.ends_with("picture-of-others"));
        picture.map(|wanted| wanted.is_blocked)
    }

    fn write(&self, name: &str, page: &str) -> PathBuf {
        let path = self.repo.base().join(name);
        fs::write(&path, page).expect("write the page");
        path
    }

    /// Opens the page and expects that it asks for nothing else, fits the window and is readable.
    #[track_caller]
    fn expect_good(&mut self, page: &Path, width: u32, scheme: &str) {
        self.browser.set_media("screen", scheme);
        self.browser.open(page, width);
        assert_eq!(self.urls(), [format!("file://{}", page.display())], "{width} {scheme}");
        let overflow = self.browser.value(OVERFLOW);
        assert!(overflow.as_i64().is_some_and(|pixels| pixels <= 0), "{overflow} pixels at {width}, {scheme}");
        let text = self.browser.value("document.body.innerText.length");
        assert!(text.as_u64().is_some_and(|length| length > 1_000), "{text} letters");
        let worst = self.browser.value(CONTRAST);
        assert!(worst[0].as_f64().is_some_and(|contrast| contrast >= 4.5), "{worst} in {scheme}");
    }
}

#[test]
fn the_page_needs_nothing_fits_every_window_and_is_readable_in_light_and_dark() {
    let (story, _) = story();
    let page = page(&story.repo.keysweep(&["history", "--format", "html"]).expect_code(1));
    let mut fixture = Fixture::new();
    let path = fixture.write("report.html", &page);
    let mut pictures = Vec::new();
    for scheme in ["light", "dark"] {
        for width in [320, 768, 1280] {
            fixture.expect_good(&path, width, scheme);
        }
        pictures.push(fixture.browser.screenshot());
    }
    assert_ne!(pictures[0], pictures[1], "light and dark differ");
    let drawn = fixture.browser.value("[...document.querySelectorAll('svg.timeline line')].filter(line => line.getBoundingClientRect().width > 50).length");
    assert!(drawn.as_u64().is_some_and(|lines| lines >= 10), "{drawn} lines are drawn");

    let blank = fixture.write("blank.html", "<!DOCTYPE html><title>x</title>");
    fixture.browser.open(&blank, 1280);
    let blank = fixture.browser.screenshot();
    assert!(pictures.iter().all(|picture| picture.len() > 10 * blank.len()), "the page is not blank");
}

#[test]
fn hostile_names_fit_every_window_and_load_nothing() {
    let (repo, _) = hostile_repo();
    let page = page(&repo.keysweep(&["history", "--format", "html"]).expect_code(1));
    let mut fixture = Fixture::new();
    let path = fixture.write("report.html", &page);
    for width in [320, 1280] {
        fixture.expect_good(&path, width, "light");
    }
    let title = fixture.browser.value("document.title");
    assert_eq!(title, Value::from("Leaked tokens in repo"));
    let higher =
        fixture.browser.value("[...document.querySelectorAll('td')].filter(cell => cell.offsetHeight > 400).length");
    assert_eq!(higher, Value::from(0), "no name takes a whole screen");
}

#[test]
fn the_page_prints_in_light_colors_on_several_sheets() {
    let (story, _) = story();
    let page = page(&story.repo.keysweep(&["history", "--format", "html"]).expect_code(1));
    let mut fixture = Fixture::new();
    let path = fixture.write("report.html", &page);
    fixture.browser.open(&path, 1280);
    fixture.browser.set_media("print", "dark");
    let paper = fixture.browser.value("getComputedStyle(document.body).backgroundColor");
    assert_eq!(paper, Value::from("rgb(255, 255, 255)"));
    let worst = fixture.browser.value(CONTRAST);
    assert!(worst[0].as_f64().is_some_and(|contrast| contrast >= 7.0), "{worst}");
    let pdf = fixture.browser.pdf();
    let sheets = pdf.windows(11).filter(|bytes| *bytes == b"/Type /Page").count();
    assert!(pdf.starts_with(b"%PDF") && sheets >= 3, "{sheets} sheets in {} bytes", pdf.len());
}

/// The checks find what they look for, and the policy blocks what should never be on the page.
#[test]
fn the_policy_blocks_requests_and_the_checks_notice_faults() {
    let (story, _) = story();
    let page = page(&story.repo.keysweep(&["history", "--format", "html"]).expect_code(1));
    let mut fixture = Fixture::new();
    let start = page.find("<meta http-equiv").expect("a policy");
    let end = start + page[start..].find('>').expect("its end") + 1;
    let open_policy = format!("{}{}", &page[..start], &page[end..]);
    let image = "<main><img src=\"picture-of-others\"><script>document.title = 'changed'</script>";
    let wide = "<main><canvas width=\"3000\"></canvas>";
    let gray = "<main><p><font color=\"#999999\">pale</font></p>";
    let fault = |page: &str, fault: &str| page.replacen("<main>", fault, 1);

    let path = fixture.write("blocked.html", &fault(&page, image));
    fixture.browser.open(&path, 1280);
    assert_ne!(fixture.browser.value("document.title"), Value::from("changed"), "no script runs");
    assert_eq!(fixture.wanted_picture(), Some(true), "{:?}", fixture.urls());

    let path = fixture.write("open.html", &fault(&open_policy, image));
    fixture.browser.open(&path, 1280);
    assert_eq!(fixture.browser.value("document.title"), Value::from("changed"));
    assert_eq!(fixture.wanted_picture(), Some(false), "{:?}", fixture.urls());

    let path = fixture.write("wide.html", &fault(&page, wide));
    fixture.browser.open(&path, 1280);
    assert!(fixture.browser.value(OVERFLOW).as_i64().is_some_and(|pixels| pixels > 0));

    let path = fixture.write("pale.html", &fault(&page, gray));
    fixture.browser.open(&path, 1280);
    let worst = fixture.browser.value(CONTRAST);
    assert!(worst[0].as_f64().is_some_and(|contrast| contrast < 4.5) && worst[1] == "pale", "{worst}");
}
