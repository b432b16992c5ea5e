//! What a request shows to be trusted, where it comes from, and whether a page of ours made it.

use std::net::IpAddr;

use axum::http::{HeaderMap, Method, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::HttpSettings;
use super::problem::Problem;
use crate::auth::Credentials;
use crate::secret::Secret;

/// The cookie of a session.
pub(super) const COOKIE: &str = "tidegate_session";
/// The header that carries a session's token against forged requests.
pub(super) const CSRF_HEADER: &str = "x-csrf-token";
/// The field of a form that does.
pub(super) const CSRF_FIELD: &str = "csrf_token";

/// Where a request comes from, and by which address it reached us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Whence {
    /// The address of whoever asks.
    pub(super) address: IpAddr,
    /// Scheme, host and port: `https://gate.example.org`.
    pub(super) origin: String,
    /// Whether a proxy that we trust handed it on.
    pub(super) trusted: bool,
}

impl Whence {
    pub(super) fn of(peer: IpAddr, headers: &HeaderMap, settings: &HttpSettings) -> Self {
        let is_trusted = |address: IpAddr| settings.trusted_proxies.iter().any(|network| network.contains(address));
        let peer = peer.to_canonical();
        let trusted = is_trusted(peer);
        let mut address = peer;
        if trusted {
            // from the nearest to the farthest, as long as we trust who says so
            for hop in listed(headers, "x-forwarded-for").rev() {
                let Ok(hop) = hop.parse::<IpAddr>() else { break };
                address = hop.to_canonical();
                if !is_trusted(address) {
                    break;
                }
            }
        }
        let forwarded = |name| listed(headers, name).next().filter(|_| trusted);
        let as_asked = || {
            let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
            let host = forwarded("x-forwarded-host").or(host).filter(|host| is_host(host)).unwrap_or("localhost");
            let scheme = forwarded("x-forwarded-proto").filter(|scheme| *scheme == "https").unwrap_or("http");
            format!("{scheme}://{host}")
        };
        let origin = settings.public_url.as_ref().map_or_else(as_asked, |url| url.as_str().to_owned());
        Self { address, origin, trusted }
    }
}

/// Links are made of it, so it has nothing that a page could take for more than a name.
fn is_host(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte))
}

fn listed<'h>(headers: &'h HeaderMap, name: &str) -> impl DoubleEndedIterator<Item = &'h str> {
    let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(',').map(str::trim).filter(|word| !word.is_empty())
}

/// What a request shows. A token wins over a cookie.
pub(super) fn shown(headers: &HeaderMap, whence: &Whence, settings: &HttpSettings) -> Result<Credentials, Problem> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let token = value.to_str().ok().and_then(token_of);
        return token.map(Credentials::Token).ok_or_else(|| {
            Problem::new(401, "platform.not-authenticated", "expected Authorization: Bearer and a token")
        });
    }
    if let Some(name) = settings.trusted_user_header.as_deref().filter(|_| whence.trusted)
        && let Some(user) = headers.get(name).and_then(|user| user.to_str().ok())
    {
        return Ok(Credentials::Proxy(user.to_owned()));
    }
    Ok(cookie(headers).map_or(Credentials::Nothing, |cookie| Credentials::Session(Secret::new(cookie))))
}

/// The token of `Bearer T`, `Token T`, or the password of `Basic`.
fn token_of(value: &str) -> Option<Secret> {
    let (scheme, rest) = value.split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token") {
        return Some(Secret::new(rest));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
    decoded.split_once(':').map(|(_, password)| Secret::new(password))
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

/// The cookie that a browser keeps for a session, or that ends it.
pub(super) fn set_cookie(value: Option<&Secret>, origin: &str) -> String {
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    let is_loopback = ["localhost", "127.", "[::1]"].iter().any(|local| host.starts_with(local));
    let secure = if is_loopback { "" } else { "; Secure" };
    match value {
        Some(value) => format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax{secure}", value.expose()),
        None => format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{secure}"),
    }
}

pub(super) fn is_unsafe(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether a page of our own origin made this request.
pub(super) fn is_same_origin(headers: &HeaderMap, origin: &str) -> bool {
    match headers.get(header::ORIGIN) {
        Some(stated) => stated.to_str().is_ok_and(|stated| stated.eq_ignore_ascii_case(origin)),
        None => headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn settings(trusted: &[&str]) -> HttpSettings {
        HttpSettings {
            public_url: None,
            trusted_proxies: trusted.iter().map(|network| network.parse().expect("it is a network")).collect(),
            trusted_user_header: Some("x-remote-user".to_owned()),
            cors_origins: vec![],
            max_body: 1,
            handler_timeout: Duration::ZERO,
            drain: Duration::ZERO,
            idempotency_ttl: Duration::ZERO,
            anonymous_rate: 1,
        }
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (header::HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_token_comes_in_three_ways() {
        let ways = ["Bearer tg_1", "Token tg_1", "token  tg_1 ", "Basic YW5uOnRnXzE="];
        for way in ways {
            assert!(token_of(way).is_some_and(|token| token.is("tg_1")), "{way}");
        }
        for way in ["", "tg_1", "Basic !", "Basic YW5u", "Digest tg_1"] {
            assert!(token_of(way).is_none(), "{way}");
        }
    }

    #[test]
    fn only_a_trusted_proxy_says_for_whom_it_asks() {
        let told = headers(&[
            ("x-forwarded-for", "203.0.113.1, 198.51.100.2, 10.0.0.7"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "gate.example.org"),
            ("x-remote-user", "ann"),
            ("host", "inside:8470"),
        ]);
        let (proxy, stranger) = ("10.0.0.1".parse().unwrap(), "192.0.2.9".parse().unwrap());
        let set = settings(&["10.0.0.0/8"]);
        let through = Whence::of(proxy, &told, &set);
        assert_eq!(through.address.to_string(), "198.51.100.2", "the nearest hop that we do not trust");
        assert_eq!(through.origin, "https://gate.example.org");
        assert!(matches!(shown(&told, &through, &set), Ok(Credentials::Proxy(user)) if user == "ann"));

        let odd = Whence::of(stranger, &headers(&[("host", "<script>")]), &set);
        assert_eq!(odd.origin, "http://localhost");
        let past = Whence::of(stranger, &told, &set);
        assert_eq!((past.address, past.origin.as_str()), (stranger, "http://inside:8470"));
        assert!(matches!(shown(&told, &past, &set), Ok(Credentials::Nothing)));
    }

    #[test]
    fn a_token_wins_over_a_cookie() {
        let set = settings(&[]);
        let whence = Whence::of("192.0.2.9".parse().unwrap(), &HeaderMap::new(), &set);
        let both = headers(&[("authorization", "Bearer tg_1"), ("cookie", "a=b; tidegate_session=c")]);
        assert!(matches!(shown(&both, &whence, &set), Ok(Credentials::Token(_))));
        let one = headers(&[("cookie", "a=b; tidegate_session=c")]);
        assert!(matches!(shown(&one, &whence, &set), Ok(Credentials::Session(cookie)) if cookie.is("c")));
    }

    #[test]
    fn a_page_of_ours_is_known_by_its_origin() {
        let ours = "https://gate.example.org";
        assert!(is_same_origin(&headers(&[("origin", ours)]), ours));
        assert!(is_same_origin(&headers(&[("sec-fetch-site", "same-origin")]), ours));
        for other in
            [&[("origin", "https://evil.example")][..], &[("origin", "null")], &[("sec-fetch-site", "same-site")], &[]]
        {
            assert!(!is_same_origin(&headers(other), ours), "{other:?}");
        }
        let both = headers(&[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")]);
        assert!(!is_same_origin(&both, ours));
    }

    #[test]
    fn a_cookie_is_secure_beyond_loopback() {
        let value = Secret::new("v");
        assert!(set_cookie(Some(&value), "https://gate.example.org").ends_with("; Secure"));
        assert!(!set_cookie(Some(&value), "http://127.0.0.1:8470").contains("Secure"));
        assert!(set_cookie(None, "https://gate.example.org").contains("Max-Age=0"));
    }
}
