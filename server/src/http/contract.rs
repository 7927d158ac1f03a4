//! Holds requests to the description: an operation is asked with the parameters that it names, and by clients that can do
//! with what it answers. Nothing of it is written down twice.

use std::sync::Arc;

use axum::{
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header},
    middleware::{self, Next},
    response::IntoResponse as _,
    routing::MethodRouter,
};
use utoipa::openapi::{
    PathItem, RefOr,
    path::{Operation, ParameterIn, Paths},
};

use super::{AppState, error::Problem, openapi::problem};

/// Checks what comes to these operations before their handlers see it, and says so in their description.
pub fn keep(paths: &mut Paths, router: MethodRouter<AppState>) -> MethodRouter<AppState> {
    let mut terms = Vec::new();
    for item in paths.paths.values_mut() {
        for (method, operation) in operations(item) {
            let of_this = Terms::of(operation);
            describe(operation, &of_this);
            terms.push((method, of_this));
        }
    }
    let terms: Arc<[_]> = terms.into();
    router.layer(middleware::from_fn(move |request: Request, next: Next| {
        // What answers GET answers HEAD too.
        let method = if *request.method() == Method::HEAD { &Method::GET } else { request.method() };
        let refusal = terms.iter().find(|(known, _)| known == method).and_then(|(_, terms)| terms.refusal(&request));
        async move {
            match refusal {
                Some(refusal) => refusal.into_response(),
                None => next.run(request).await,
            }
        }
    }))
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    let all = [
        (Method::GET, get),
        (Method::PUT, put),
        (Method::POST, post),
        (Method::DELETE, delete),
        (Method::PATCH, patch),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

fn describe(operation: &mut Operation, terms: &Terms) {
    let mut add = |status: &str, description: &str| {
        operation.responses.responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(problem(description)));
    };
    add("400", "A parameter is unknown.");
    if !terms.produces.is_empty() {
        add("406", "The header `Accept` allows none of the media types that this answers with.");
    }
}

/// What a request of one operation has to keep to.
struct Terms {
    /// The media types of its answers.
    produces: Vec<String>,
    parameters: Vec<String>,
}

impl Terms {
    fn of(operation: &Operation) -> Self {
        let parameters = operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
            RefOr::T(parameter) => (parameter.parameter_in == ParameterIn::Query).then(|| parameter.name.clone()),
            RefOr::Ref(_) => None,
        });
        let successes = operation.responses.responses.iter().filter(|(status, _)| status.starts_with('2'));
        let contents = successes.filter_map(|(_, response)| match response {
            RefOr::T(response) => Some(response.content.keys().cloned()),
            RefOr::Ref(_) => None,
        });
        Self { produces: contents.flatten().collect(), parameters: parameters.collect() }
    }

    fn refusal(&self, request: &Request) -> Option<Problem> {
        if !accepts(request.headers(), &self.produces) {
            let title = format!("this answers with {}", self.produces.join(" or "));
            return Some(Problem::new(StatusCode::NOT_ACCEPTABLE, "not_acceptable", title));
        }
        let query = request.uri().query().unwrap_or_default();
        let mut names = url::form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
        names.find(|name| !self.parameters.iter().any(|known| known == name)).map(|name| {
            let title = format!("there is no parameter {name:?} here");
            Problem::new(StatusCode::BAD_REQUEST, "query_invalid", title).about(&name)
        })
    }
}

/// Whether the client can do with one of these media types. One that says nothing takes all.
fn accepts(headers: &HeaderMap, produced: &[String]) -> bool {
    let lines = headers.get_all(header::ACCEPT);
    let mut ranges = lines.iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')).peekable();
    if produced.is_empty() || ranges.peek().is_none() {
        return true;
    }
    ranges.any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let wanted = parts.next().unwrap_or_default().to_ascii_lowercase();
        let refused = parts.any(|part| part.strip_prefix("q=").is_some_and(|weight| weight.parse() == Ok(0.0)));
        let fits = |kind: &String| {
            let kind = kind.split(';').next().unwrap_or_default();
            let family = kind.split('/').next().unwrap_or_default();
            wanted == "*/*" || wanted == kind || wanted.strip_suffix("/*") == Some(family)
        };
        !refused && produced.iter().any(fits)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_accept_decides() {
        let json = ["application/json".to_owned()];
        let accepts = |text: &'static str| {
            let headers = [(header::ACCEPT, text.parse().unwrap())].into_iter().collect();
            accepts(&headers, &json)
        };
        for fine in
            ["*/*", "application/*", "Application/JSON", "text/html, application/json;q=0.5", "text/html,*/*;q=0.8"]
        {
            assert!(accepts(fine), "{fine}");
        }
        for wrong in ["text/html", "application/xml", "application/json;q=0", "text/*, application/json; q=0.0"] {
            assert!(!accepts(wrong), "{wrong}");
        }
        assert!(super::accepts(&HeaderMap::new(), &json));
        let csv = ["text/csv; charset=utf-8".to_owned()];
        assert!(super::accepts(&[(header::ACCEPT, "text/csv".parse().unwrap())].into_iter().collect(), &csv));
    }
}
