//! What is asked for with GET: the parameters of lists, and the links from page to page.

use url::form_urlencoded;

use crate::compat::refusal::{FieldError, Refusal, Step};
use crate::model::Outcomes;
use crate::query::{self, Page, Pattern, ResultFilter, Since, Sort, Start, Wanted};

/// A page of results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Which results.
    pub filter: ResultFilter,
    /// Which of them.
    pub page: Page,
}

/// The latest results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatestAsked {
    /// Which results.
    pub filter: ResultFilter,
    /// One for each value of these keys.
    pub distinct_on: Vec<String>,
}

/// A page of groups. Of each condition that is given, one value is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupsAsked {
    /// With one of these uuids.
    pub uuids: Vec<String>,
    /// With one of these descriptions.
    pub descriptions: Vec<Pattern>,
    /// Which of them.
    pub page: Page,
}

/// A page of test cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestcasesAsked {
    /// With one of these names.
    pub names: Vec<Pattern>,
    /// Which of them.
    pub page: Page,
}

const DEFAULT_LIMIT: usize = 20;

/// What is asked of `GET /results`.
///
/// # Errors
///
/// Parameters are wrong.
pub fn results(query: &str, known: &Outcomes, max_limit: usize) -> Result<Asked, Refusal> {
    let parameters = Parameters::of(query)?;
    let mut errors = Vec::new();
    let outcomes = parameters.outcomes(known, &mut errors);
    let mut filter = parameters.filter(&mut errors)?;
    filter.outcomes = outcomes;
    let page = parameters.page(max_limit, &mut errors);
    Refusal::unless_empty(errors)?;
    Ok(Asked { filter, page })
}

/// What is asked of `GET /results/latest`. An outcome or a page is not looked at: "the latest" must not mean something
/// else with them.
///
/// # Errors
///
/// Parameters are wrong, or there is nothing but distinct keys.
pub fn latest(query: &str) -> Result<LatestAsked, Refusal> {
    let parameters = Parameters::of(query)?;
    let mut errors = Vec::new();
    let filter = parameters.filter(&mut errors)?;
    Refusal::unless_empty(errors)?;
    let distinct_on = parameters.list("_distinct_on").into_iter().map(str::to_owned).collect::<Vec<_>>();
    if filter.is_empty() && !distinct_on.is_empty() {
        return Err(Refusal::Message("Please, provide at least one filter beside '_distinct_on'".to_owned()));
    }
    Ok(LatestAsked { filter, distinct_on })
}

/// What is asked of `GET /groups`.
///
/// # Errors
///
/// Parameters are wrong.
pub fn groups(query: &str, max_limit: usize) -> Result<GroupsAsked, Refusal> {
    let parameters = Parameters::of(query)?;
    let uuids = parameters.list("uuid").into_iter().map(str::to_owned).collect();
    let descriptions = parameters.either("description", "description:like");
    let mut errors = Vec::new();
    let page = parameters.page(max_limit, &mut errors);
    Refusal::unless_empty(errors)?;
    Ok(GroupsAsked { uuids, descriptions, page })
}

/// What is asked of `GET /testcases`.
///
/// # Errors
///
/// Parameters are wrong.
pub fn testcases(query: &str, max_limit: usize) -> Result<TestcasesAsked, Refusal> {
    let parameters = Parameters::of(query)?;
    let names = parameters.either("name", "name:like");
    let mut errors = Vec::new();
    let page = parameters.page(max_limit, &mut errors);
    Refusal::unless_empty(errors)?;
    Ok(TestcasesAsked { names, page })
}

/// The addresses of the pages before and after. `request` is the address that was asked, without its query; `next` says
/// whether there are more, and with which cursor they are reached.
pub fn page_links(request: &str, query: &str, next: Option<Option<&str>>) -> (Option<String>, Option<String>) {
    let number = Parameters::of(query).ok().and_then(|parameters| parameters.page_number()).unwrap_or(0);
    let prev = number.checked_sub(1).map(|number| link(request, query, number, None));
    let next = next.map(|cursor| link(request, query, number.saturating_add(1), cursor));
    (prev, next)
}

/// The same address with that page. What else was asked stays as it was written.
fn link(request: &str, query: &str, number: u64, cursor: Option<&str>) -> String {
    let name_of = |part: &str| form_urlencoded::parse(part.as_bytes()).next().map(|(name, _)| name.into_owned());
    let mut parts = Vec::new();
    let mut has_page = false;
    for part in query.split('&').filter(|part| !part.is_empty()) {
        match name_of(part).as_deref() {
            Some("callback" | "_cursor") => {}
            Some("page") if has_page => {}
            Some("page") => {
                has_page = true;
                parts.push(format!("page={number}"));
            }
            Some(_) | None => parts.push(part.to_owned()),
        }
    }
    if !has_page {
        parts.push(format!("page={number}"));
    }
    parts.extend(cursor.map(|cursor| format!("_cursor={cursor}")));
    format!("{request}?{}", parts.join("&"))
}

/// The parameters of a query, in their order.
struct Parameters(Vec<(String, String)>);

/// Parameters with a meaning of their own; every other one is a key of the data.
const NAMED: [&str; 11] = [
    "outcome",
    "testcases",
    "testcases:like",
    "groups",
    "since",
    "_sort",
    "_distinct_on",
    "page",
    "limit",
    "callback",
    "_cursor",
];

impl Parameters {
    fn of(query: &str) -> Result<Self, Refusal> {
        let pairs = form_urlencoded::parse(query.as_bytes()).into_owned().collect::<Vec<_>>();
        let nul = pairs.iter().filter(|(key, value)| key.contains('\0') || value.contains('\0'));
        let errors = nul.map(|(key, value)| {
            FieldError::value([Step::Key(key.clone())], "must not contain the character U+0000", shown(value))
        });
        Refusal::unless_empty(errors.collect())?;
        Ok(Self(pairs))
    }

    fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let named = self.0.iter().filter(move |(key, _)| key == name);
        named.map(|(_, value)| value.as_str())
    }

    fn list<'a>(&'a self, name: &str) -> Vec<&'a str> {
        self.values(name).flat_map(query::parts).collect()
    }

    /// Exact texts if there are any, else forms.
    fn either(&self, exact: &str, like: &str) -> Vec<Pattern> {
        let texts = self.list(exact);
        if texts.is_empty() {
            return self.list(like).into_iter().map(Pattern::like).collect();
        }
        texts.into_iter().map(|text| Pattern::Exact(text.to_owned())).collect()
    }

    fn filter(&self, errors: &mut Vec<FieldError>) -> Result<ResultFilter, Refusal> {
        let exact = self.list("testcases").into_iter().map(|name| Pattern::Exact(name.to_owned()));
        let like = self.list("testcases:like").into_iter().map(Pattern::like);
        Ok(ResultFilter {
            outcomes: Vec::new(),
            testcases: exact.chain(like).collect(),
            groups: self.list("groups").into_iter().map(str::to_owned).collect(),
            since: self.since(errors),
            data: self.data()?,
        })
    }

    fn outcomes(&self, known: &Outcomes, errors: &mut Vec<FieldError>) -> Vec<crate::model::Outcome> {
        let mut outcomes = Vec::new();
        for value in self.values("outcome") {
            let meant: Option<Vec<_>> =
                query::parts(value).into_iter().map(|name| known.meant(name).cloned()).collect();
            let Some(meant) = meant else {
                let msg = format!("must be one of: {}", known.listed());
                errors.push(FieldError::value([Step::Field("outcome")], &msg, shown(value)));
                continue;
            };
            outcomes.extend(meant);
        }
        outcomes
    }

    fn since(&self, errors: &mut Vec<FieldError>) -> Option<Since> {
        let value = self.values("since").next()?;
        let times: Option<Vec<_>> = query::parts(value).into_iter().map(query::iso8601).collect();
        match times.as_deref() {
            Some([]) => None,
            Some([start]) => Some(Since { start: *start, end: None }),
            Some([start, end]) => Some(Since { start: *start, end: Some(*end) }),
            Some(_) | None => {
                errors.push(FieldError::value([Step::Field("since")], "must be in ISO8601 format", shown(value)));
                None
            }
        }
    }

    fn data(&self) -> Result<Vec<Wanted>, Refusal> {
        let mut wanted: Vec<(String, Wanted)> = Vec::new();
        for (name, value) in self.0.iter().filter(|(name, _)| !NAMED.contains(&name.as_str())) {
            let (key, pattern): (_, fn(&str) -> Pattern) = match name.split_once(':') {
                None => (name.as_str(), |text| Pattern::Exact(text.to_owned())),
                Some((key, "like")) => (key, Pattern::like),
                Some((_, modifier)) => return Err(Refusal::Message(format!("Unknown modifier: {modifier}"))),
            };
            let values = value.split(',').map(pattern);
            match wanted.iter_mut().find(|(known, _)| known == name) {
                Some((_, same)) => same.values.extend(values),
                None => wanted.push((name.clone(), Wanted { key: key.to_owned(), values: values.collect() })),
            }
        }
        Ok(wanted.into_iter().map(|(_, wanted)| wanted).collect())
    }

    fn page(&self, max_limit: usize, errors: &mut Vec<FieldError>) -> Page {
        let number = self.number("page", errors).map_or(0, |number| u64::try_from(number).unwrap_or(0));
        let limit = match self.number("limit", errors) {
            None => DEFAULT_LIMIT,
            Some(limit) => usize::try_from(limit).unwrap_or(0),
        };
        if limit < 1 {
            let msg = "Input should be greater than or equal to 1";
            let given = self.values("limit").next().unwrap_or_default();
            errors.push(FieldError::new([Step::Field("limit")], "greater_than_equal", msg, shown(given)));
        }
        let limit = limit.clamp(1, max_limit);
        let sort = match self.values("_sort").next() {
            Some("asc:submit_time") => Sort::Ascending,
            Some(_) | None => Sort::Descending,
        };
        // a cursor is a shorter way to the same page; without one, or with a wrong one, the number counts
        let after = self.values("_cursor").next().and_then(|cursor| query::position(cursor).ok());
        let skip = Start::Skip(number.saturating_mul(limit as u64));
        Page { start: after.map_or(skip, Start::After), limit, sort }
    }

    fn page_number(&self) -> Option<u64> {
        u64::try_from(whole_number(self.values("page").next()?)?).ok()
    }

    fn number(&self, name: &'static str, errors: &mut Vec<FieldError>) -> Option<i64> {
        let value = self.values(name).next()?;
        let number = whole_number(value);
        if number.is_none() {
            let msg = "Input should be a valid integer, unable to parse string as an integer";
            errors.push(FieldError::new([Step::Field(name)], "int_parsing", msg, shown(value)));
        }
        number
    }
}

/// The number; one that is too great for us is the greatest.
fn whole_number(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let too_great = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    Some(text.parse().unwrap_or(too_great))
}

fn shown(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
