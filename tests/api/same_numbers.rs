//! The same question has the same answer everywhere: on pages, in JSON and CSV, by key and by session, to the last digit. Asked after
//! random histories.

use std::collections::BTreeMap;

use entrenous::domain::day::Day;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::service::{Backend, Service, code, on_every_store};

on_every_store!(pages_exports_and_the_api_have_the_same_numbers_after_any_history);

/// How many histories are lived through, and how many questions are asked after each.
const HISTORIES: usize = 3;
const QUESTIONS: usize = 12;
const LINKS: usize = 8;
const FIRST: &str = "2026-11-21";

#[derive(Debug, Clone)]
enum Step {
    /// So many visitors open a link, each so often and from a network of their own, after so many unfurls.
    Visit { link: usize, visitors: u8, times: u8, unfurls: u8 },
    /// The next day, soon after the one before was closed; with some of them a week has ended.
    Midnight,
}

/// A channel, a page and a campaign by their numbers.
type Kind = (usize, usize, usize);

fn history() -> impl Strategy<Value = (Vec<Kind>, Vec<Step>)> {
    let visit = (0..LINKS, prop_oneof![3 => 1..6_u8, 2 => 12..20_u8], 1..3_u8, 0..3_u8)
        .prop_map(|(link, visitors, times, unfurls)| Step::Visit { link, visitors, times, unfurls });
    let step = prop_oneof![4 => visit, 1 => Just(Step::Midnight)];
    (prop::collection::vec((0..2_usize, 0..3_usize, 0..3_usize), LINKS), prop::collection::vec(step, 16..28))
}

const CHANNELS: [&str; 2] = ["sms", "email"];
const CAMPAIGNS: [Option<&str>; 3] = [None, Some("spring"), Some("autumn")];

fn page_of(number: usize) -> String {
    format!("https://example.com/{number}")
}

/// What a page or an export is asked for.
#[derive(Debug, Clone)]
struct Question {
    days_ago: (i32, i32),
    channel: Option<usize>,
    page: Option<usize>,
    campaign: Option<usize>,
}

fn question() -> impl Strategy<Value = Question> {
    let some = |number: usize| prop::option::weighted(0.3, 0..number);
    ((0..12_i32, 0..6_i32), some(2), some(3), some(3)).prop_map(|((one, other), channel, page, campaign)| {
        Question { days_ago: (one.max(other), one.min(other)), channel, page, campaign }
    })
}

impl Question {
    fn query(&self, today: Day) -> String {
        let (from, to) = (today.plus(-self.days_ago.0), today.plus(-self.days_ago.1));
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("from", &from.to_string()).append_pair("to", &to.to_string());
        if let Some(channel) = self.channel {
            query.append_pair("channel", CHANNELS[channel]);
        }
        if let Some(page) = self.page {
            query.append_pair("page", &page_of(page));
        }
        if let Some(campaign) = self.campaign {
            query.append_pair("campaign", CAMPAIGNS[campaign].unwrap_or_default());
        }
        query.finish()
    }

    /// The tables that a page has: not the one that would have a single row.
    fn tables(&self) -> Vec<&'static str> {
        let told =
            [("channel", self.channel), ("page", self.page), ("campaign", self.campaign), ("link", None)];
        told.into_iter().filter(|(_, filter)| filter.is_none()).map(|(by, _)| by).collect()
    }
}

async fn pages_exports_and_the_api_have_the_same_numbers_after_any_history(backend: Backend) {
    let mut random = TestRunner::default();
    for _ in 0..HISTORIES {
        let (kinds, steps) = history().new_tree(&mut random).expect("a history").current();
        let (site, today) = live(backend, &kinds, &steps).await;
        let mut numbers = 0;
        for _ in 0..QUESTIONS {
            let question = question().new_tree(&mut random).expect("a question").current();
            numbers += site.ask(&question, today, &format!("{question:?} after {kinds:?}, {steps:?}")).await;
        }
        assert!(numbers > 100, "{numbers} numbers were compared after {kinds:?}, {steps:?}");
    }
}

/// A site at the end of its history.
struct Lived {
    service: Service,
    browser: Client,
}

async fn live(backend: Backend, kinds: &[Kind], steps: &[Step]) -> (Lived, Day) {
    let service = Service::start_with(backend, &[("stats.min_count", "5")]).await;
    let mut day: Day = FIRST.parse().expect("a day");
    let mut codes = Vec::new();
    for (channel, page, campaign) in kinds {
        let body =
            json!({ "url": page_of(*page), "channel": CHANNELS[*channel], "campaign": CAMPAIGNS[*campaign] });
        codes.push(code(&service.link(body).await));
    }
    for step in steps {
        match step {
            Step::Visit { link, visitors, times, unfurls } => {
                for _ in 0..*unfurls {
                    service
                        .fetch(&codes[*link], "TelegramBot (like TwitterBot)")
                        .send()
                        .await
                        .expect("an answer");
                }
                service.crowd(&codes[*link], *visitors, *times).await;
            }
            Step::Midnight => {
                service.settled().await;
                day = day.plus(1);
                service.set_time(&format!("{day}T12:00:00Z"));
                service.days_closed().await;
            }
        }
    }
    service.settled().await;
    let browser = Client::builder().cookie_store(true).build().expect("a client");
    let sign_in = browser.post(format!("{}/stats/sign-in", service.base)).header("accept", "text/html");
    sign_in.form(&[("secret_key", service.secret.as_str())]).send().await.expect("an answer");
    (Lived { service, browser }, day)
}

impl Lived {
    /// Asks everywhere, and returns how many numbers were compared.
    async fn ask(&self, question: &Question, today: Day, context: &str) -> usize {
        let query = question.query(today);
        let page = self.text(&format!("/stats?{query}")).await;
        let mut compared = 0;
        for by in ["channel", "page", "campaign", "link", "day"] {
            let path = format!("/api/v1/stats?group_by={by}&{query}");
            let answer = self.service.get(&path).await;
            let csv = self.service.api(Method::GET, &format!("{path}&format=csv")).send().await;
            let csv = csv.expect("an answer").text().await.expect("a text");
            compared += in_csv(&csv, &answer, context);
            assert_eq!(self.text(&format!("/stats/export/{by}.csv?{query}")).await, csv, "{context}");
            let exported = self.text(&format!("/stats/export/{by}.json?{query}")).await;
            assert_eq!(serde_json::from_str::<Value>(&exported).expect("JSON"), answer, "{context}");
            if by == "day" {
                compared += in_series(&page, &answer, today.plus(-question.days_ago.1), context);
            } else if question.tables().contains(&by) {
                compared += in_table(&page, by, &answer, context);
            }
            if by == "link" {
                for group in answer["groups"].as_array().expect("groups") {
                    compared += self.ask_link(group, &query, context).await;
                }
            }
        }
        compared
    }

    /// A link's own page against its row among the links; where it has always been under one kind, they are the same.
    async fn ask_link(&self, group: &Value, query: &str, context: &str) -> usize {
        let code = group["key"].as_str().expect("a code");
        let days: String = query
            .split('&')
            .filter(|part| part.starts_with("from=") || part.starts_with("to="))
            .collect::<Vec<_>>()
            .join("&");
        let own = self.service.get(&format!("/api/v1/links/{code}/stats?{days}")).await;
        let page = self.text(&format!("/stats/{code}?{days}")).await;
        let funnel = page.split_once("class=\"funnel\"").expect("a funnel").1;
        assert_eq!(own["weeks"], json!([]), "a week's cell is of no link: {context}");
        let shown: Vec<_> = funnel
            .split("<b>")
            .skip(1)
            .take(4)
            .map(|rest| figure(rest.split("</b>").next().expect("an end")))
            .collect();
        let totals = &own["totals"];
        // The page says of a link that it is one share, on whatever day.
        assert_eq!(
            shown[1..],
            ["unfurls", "clicks", "visitors"].map(|name| totals[name].as_u64()),
            "{code}: {context}"
        );
        for name in ["unfurls", "clicks", "visitors", "opens"] {
            assert_eq!(totals[name], group[name], "{code} {name}: {context}");
        }
        7
    }

    async fn text(&self, path: &str) -> String {
        let request = self.browser.get(format!("{}{path}", self.service.base)).header("accept", "text/html");
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        answer.text().await.expect("a text")
    }
}

/// A number as a page shows it; nothing where it is suppressed.
fn figure(markup: &str) -> Option<u64> {
    if markup.contains("too few to show") {
        return None;
    }
    let text = markup.trim();
    Some(text.replace(',', "").parse().unwrap_or_else(|_| panic!("{markup:?} is no number")))
}

/// The cells of a row of a page's table.
fn cells(row: &str) -> Vec<Option<u64>> {
    row.split("<td")
        .skip(1)
        .filter(|cell| !cell.starts_with("></td>"))
        .map(|cell| {
            let cell = cell.split_once('>').expect("an element").1;
            figure(cell.split("<svg").next().unwrap_or_default().split("</td>").next().unwrap_or_default())
        })
        .collect()
}

fn numbers(group: &Value, names: &[&str]) -> Vec<Option<u64>> {
    names.iter().map(|name| group[*name].as_u64()).collect()
}

/// A page's table against the groups of an answer, and what is of no group.
fn in_table(page: &str, by: &str, answer: &Value, context: &str) -> usize {
    let heading = match by {
        "channel" => "Channel",
        "page" => "Page",
        "campaign" => "Campaign",
        _ => "Link",
    };
    let groups = answer["groups"].as_array().expect("groups");
    let table = page
        .split("<table class=\"groups")
        .skip(1)
        .map(|rest| rest.split("</table>").next().expect("an end"));
    let table = table.filter(|table| table.contains(&format!("role=\"columnheader\">{heading}</th>"))).last();
    let Some(table) = table else {
        // What has no campaign is on the page beside campaigns only.
        let named = groups.iter().any(|group| !group["key"].is_null());
        assert!(!named, "the page has no table by {by}: {context}");
        return 0;
    };
    let (names, has_clicks_per_share) = if by == "link" {
        (&["unfurls", "clicks", "visitors"][..], false)
    } else {
        (&["shares", "unfurls", "clicks", "visitors"][..], true)
    };
    let mut rows = BTreeMap::new();
    for row in table.split("<tbody").nth(1).expect("a body").split("<tr").skip(1) {
        let key = row.split(" class=\"key").nth(1).and_then(|rest| rest.split_once('>')).expect("a name").1;
        let key = key.split('<').next().expect("its end").to_owned();
        // ClicksPerShare is the last one, and no number of visitors.
        let row =
            if has_clicks_per_share { row.rsplit_once("<td").expect("clicks_per_share").0 } else { row };
        assert!(rows.insert(key, cells(row)).is_none(), "{by} twice: {context}");
    }
    let mut compared = 0;
    for group in groups {
        let key = match (by, group["key"].as_str()) {
            ("channel", Some("sms")) => "SMS".to_owned(),
            ("channel", _) => "E-mail".to_owned(),
            ("page", Some(page)) => page.trim_start_matches("https://").to_owned(),
            ("campaign", None) => "Without a campaign".to_owned(),
            ("link", Some(code)) => format!("/{code}"),
            (_, key) => key.expect("a name").to_owned(),
        };
        assert_eq!(rows.remove(&key), Some(numbers(group, names)), "{by} {key}: {context}");
        compared += names.len();
    }
    if !answer["elsewhere"].is_null() {
        let key = format!("Too few to attribute to a {by}");
        assert_eq!(rows.remove(&key), Some(numbers(&answer["elsewhere"], names)), "{by}: {context}");
        compared += names.len();
    }
    assert!(rows.is_empty(), "{by} also has {rows:?}: {context}");
    compared
}

/// The table behind a page's chart, of all days and of the weeks that have something of their own, against an answer by day.
fn in_series(page: &str, answer: &Value, last: Day, context: &str) -> usize {
    const NAMES: [&str; 4] = ["shares", "unfurls", "clicks", "visitors"];
    let table = page.split("<summary>The numbers as a table</summary>").nth(1).expect("a table");
    let body = table.split("</table>").next().and_then(|table| table.split("<tbody").nth(1)).expect("a body");
    let groups = answer["groups"].as_array().expect("days");
    let weeks = answer["weeks"].as_array().expect("weeks");
    let (of_weeks, of_days): (Vec<_>, Vec<_>) =
        body.split("<tr").skip(1).partition(|row| row.starts_with(" class=\"of-week\""));
    let shown: Vec<_> = of_weeks.iter().rev().map(|row| cells(row)[..2].to_vec()).collect();
    let told = weeks.iter().filter(|week| week["suppressed"] != true);
    assert_eq!(shown, told.map(|week| numbers(week, &NAMES[2..])).collect::<Vec<_>>(), "{context}");
    let mut compared = 2 * shown.len();
    for (row, ago) in of_days.iter().zip(0..) {
        let day = last.plus(-ago).to_string();
        let shown = cells(row);
        match groups.iter().find(|group| group["key"] == day) {
            Some(group) => assert_eq!(shown[..4], numbers(group, &NAMES), "{day}: {context}"),
            // A day of which nothing may be said is in no list.
            None => assert!(
                shown[..4].iter().all(|number| number.unwrap_or(0) == 0),
                "{day} has {shown:?}: {context}"
            ),
        }
        compared += NAMES.len();
    }
    compared
}

/// A CSV against the groups of the same answer in JSON; that by day has the weeks behind the days.
fn in_csv(csv: &str, answer: &Value, context: &str) -> usize {
    let mut lines = csv.split_terminator("\r\n").map(|line| line.split(',').collect::<Vec<_>>());
    let head = lines.next().expect("a head");
    let groups = answer["groups"].as_array().expect("groups").iter();
    let weeks = answer["weeks"].as_array().expect("weeks").iter();
    let weeks = weeks.filter(|week| head[0] == "day" && week["suppressed"] != true);
    let lines: Vec<_> = lines.collect();
    let rows: Vec<_> = groups.chain(weeks).collect();
    assert_eq!(lines.len(), rows.len(), "{context}");
    for (line, row) in lines.iter().zip(rows) {
        for (name, cell) in head.iter().zip(line).skip(1) {
            let text = match &row[*name] {
                Value::Null if *name == "suppressed" => "false".to_owned(),
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert_eq!(*cell, text, "{name}: {context}");
        }
    }
    lines.len() * head.len()
}
