//! Lists, page by page: every list of the API is asked and answers like this.

use axum::http::StatusCode;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::{IntoParams, ToSchema};

use crate::http::error::{ApiResult, Problem};

/// Items of a page where nothing else is asked for, and at most.
pub const DEFAULT_LIMIT: u32 = 100;
pub const MAX_LIMIT: u32 = 1_000;

/// One page of a list.
#[derive(Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Leads to the next page, as `cursor`; null on the last one.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A list that is always whole.
    pub const fn whole(items: Vec<T>) -> Self {
        Self { items, next_cursor: None }
    }

    /// Like [`cut`](Self::cut) of items that come with their keys.
    pub fn keyed<K: Serialize>(mut items: Vec<(K, T)>, limit: u32) -> Self {
        let is_more = items.len() > limit as usize;
        items.truncate(limit as usize);
        let next_cursor = items.last().filter(|_| is_more).map(|(key, _)| seal(key));
        Self { items: items.into_iter().map(|(_, item)| item).collect(), next_cursor }
    }

    /// The first `limit` of these, which are one more where there are more.
    pub fn cut<K: Serialize>(mut items: Vec<T>, limit: u32, key: impl FnOnce(&T) -> K) -> Self {
        let is_more = items.len() > limit as usize;
        items.truncate(limit as usize);
        let next_cursor = items.last().filter(|_| is_more).map(|last| seal(&key(last)));
        Self { items, next_cursor }
    }
}

/// The number of items that was asked for.
pub fn limit(asked: Option<u32>) -> Result<u32, Problem> {
    let limit = asked.unwrap_or(DEFAULT_LIMIT);
    if (1..=MAX_LIMIT).contains(&limit) {
        return Ok(limit);
    }
    let title = format!("limit is from 1 to {MAX_LIMIT}");
    Err(Problem::new(StatusCode::BAD_REQUEST, "limit_out_of_range", title).about("limit"))
}

fn seal<K: Serialize>(key: &K) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default())
}

/// The key of the last item of the page before.
pub fn unseal<K: DeserializeOwned>(cursor: Option<&str>) -> Result<Option<K>, Problem> {
    let Some(cursor) = cursor else { return Ok(None) };
    let key = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let invalid =
        || Problem::new(StatusCode::BAD_REQUEST, "cursor_invalid", "this is no cursor of this list").about("cursor");
    key.map(Some).ok_or_else(invalid)
}

/// The query of a list that has one order and no filters.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    #[param(minimum = 1, maximum = 1_000, default = 100)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

impl PageQuery {
    pub fn asked(&self) -> Asked<'_> {
        Asked { limit: self.limit, cursor: self.cursor.as_deref(), is_descending: false }
    }
}

/// How a list that is in memory is asked for a page.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub limit: Option<u32>,
    pub cursor: Option<&'a str>,
    pub is_descending: bool,
}

/// A page of items that are all in memory, in the order of a key that no two of them share.
pub fn of_all<T, K>(mut items: Vec<T>, asked: Asked<'_>, key: impl Fn(&T) -> K) -> Result<Page<T>, Problem>
where
    K: Ord + Serialize + DeserializeOwned,
{
    let limit = limit(asked.limit)? as usize;
    let after: Option<K> = unseal(asked.cursor)?;
    items.sort_by_cached_key(&key);
    if asked.is_descending {
        items.reverse();
    }
    if let Some(after) = after {
        items.retain(|item| if asked.is_descending { key(item) < after } else { key(item) > after });
    }
    let is_more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = items.last().filter(|_| is_more).map(|last| seal(&key(last)));
    Ok(Page { items, next_cursor })
}

/// The key of an order, and whether it goes down: `name`, `-name`.
pub fn order<K: Copy + for<'a> Deserialize<'a>>(sort: Option<&str>, default: K) -> Result<(K, bool), Problem> {
    let Some(sort) = sort else { return Ok((default, false)) };
    let (name, is_descending) = sort.strip_prefix('-').map_or((sort, false), |name| (name, true));
    let key = serde_json::from_value(name.into()).map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, "query_invalid", format!("sort: {error}")).about("sort")
    })?;
    Ok((key, is_descending))
}

/// Whether a list goes up that has one order: `at`, or `-at`, which it has where nothing is asked.
pub fn ascends(sort: Option<&str>, name: &str) -> Result<bool, Problem> {
    match sort.map(|sort| sort.strip_prefix('-').map_or((sort, true), |sort| (sort, false))) {
        None => Ok(false),
        Some((asked, ascends)) if asked == name => Ok(ascends),
        Some(_) => {
            let title = format!("sort is {name} or -{name}");
            Err(Problem::new(StatusCode::BAD_REQUEST, "query_invalid", title).about("sort"))
        }
    }
}

/// How `sort` is described.
pub fn sort_schema(names: &[&str]) -> utoipa::openapi::Object {
    let both = names.iter().flat_map(|name| [(*name).to_owned(), format!("-{name}")]);
    let kind = utoipa::openapi::schema::Type::String;
    utoipa::openapi::ObjectBuilder::new().schema_type(kind).enum_values(Some(both)).build()
}

/// Refuses a range that ends before it begins. Both ends come with the names of their parameters.
pub fn in_order<T: PartialOrd>((start, from): (&str, Option<T>), (end, to): (&str, Option<T>)) -> ApiResult<()> {
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        let title = format!("{start} is after {end}");
        return Err(Problem::new(StatusCode::BAD_REQUEST, "range_reversed", title).about(start));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(items: &[u32], limit: u32, is_descending: bool) -> Vec<u32> {
        let (mut all, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let asked = Asked { limit: Some(limit), cursor: cursor.as_deref(), is_descending };
            let page = of_all(items.to_vec(), asked, |item| *item).ok().unwrap();
            assert!(page.items.len() <= limit as usize);
            all.extend(page.items);
            match page.next_cursor {
                Some(next) => cursor = Some(next),
                None => return all,
            }
        }
    }

    #[test]
    fn pages_make_the_whole_list_in_order() {
        let items = [5, 3, 9, 1, 7, 8];
        for limit in 1..8 {
            assert_eq!(walk(&items, limit, false), [1, 3, 5, 7, 8, 9], "{limit}");
            assert_eq!(walk(&items, limit, true), [9, 8, 7, 5, 3, 1], "{limit}");
        }
    }

    #[test]
    fn absurd_pages_are_refused() {
        let asked = |limit, cursor| Asked { limit, cursor, is_descending: false };
        for wrong in [asked(Some(0), None), asked(Some(1_001), None), asked(None, Some("next")), asked(None, Some(""))]
        {
            assert!(of_all(vec![1_u32], wrong, |item| *item).is_err());
        }
        assert!(unseal::<u32>(Some(&seal(&"text"))).is_err(), "a cursor of another list");
    }
}
