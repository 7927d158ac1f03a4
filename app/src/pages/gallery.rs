//! Every page with sample data: checked for its key texts in three languages and, where `HORNERO_GALLERY` names a
//! folder, written there to be looked at (with the style sheet `main.css` beside them).

pub(crate) mod samples;

use std::path::Path;

use samples::*;

use super::*;
use crate::{
    i18n::Lang,
    model::{
        failure::FailureKind,
        form::{FieldError, FormValues, Problem},
        reading::QualityReason,
        user::Role,
    },
};

/// Name, HTML, and texts it must hold.
type Sheet = (&'static str, String, Vec<&'static str>);

fn sheets(lang: Lang, theme: Theme) -> Vec<Sheet> {
    let at = |path: &str, role| context(lang, theme, path, role);
    let (admin, staff) = (Some(Role::Admin), Some(Role::Staff));
    let show_board = |path: &str, role, ovens| board(&at(path, role), Board { ovens, seq: 7, build: "b1".to_owned() });
    let show_login = |problem| {
        let demo_logins = vec![("admin".to_owned(), "horno-demo".to_owned())];
        login(&at("/login", None), Login { username: "marta".to_owned(), problem, next: "/".to_owned(), demo_logins })
    };
    let setup_errors = vec![FieldError::new("password", Problem::TooShort { min: 12 })];
    let ovens = || sample_ovens().into_iter().map(|live| (sample_equipment(&live), live)).collect();
    let show_error = |kind| error(&at("/x", staff), ErrorPage { kind, request_id: "r-42".to_owned() });
    vec![
        ("board", show_board("/", admin, sample_ovens()), vec![lang.tile_running(), "231", lang.nav_ovens()]),
        ("board-filtered", show_board("/?state=silent", staff, sample_ovens()), vec![lang.tile_silent(), "Horno 3"]),
        ("board-empty", show_board("/", admin, Vec::new()), vec![lang.empty_admin(), "/admin/ovens/new"]),
        ("board-empty-staff", show_board("/", staff, Vec::new()), vec![lang.empty_staff()]),
        ("oven", oven(&at("/ovens/1", admin), sample_detail(sample_ovens().remove(0))), vec![lang.trend(), "99"]),
        (
            "oven-offline",
            oven(&at("/ovens/3", staff), sample_detail(sample_ovens().remove(2))),
            vec![FailureKind::Timeout.advice(lang), "14:27"],
        ),
        ("login", show_login(None), vec![lang.login_lead(), "horno-demo"]),
        ("login-wrong", show_login(Some(LoginProblem::Wrong)), vec![lang.login_wrong()]),
        (
            "setup",
            setup(&at("/setup", None), Setup { values: FormValues::default(), errors: setup_errors }),
            vec![lang.setup_lead(), "12"],
        ),
        ("admin", admin_ovens(&at("/admin/ovens", admin), AdminOvens { ovens: ovens() }), vec![lang.add_oven()]),
        (
            "admin-empty",
            admin_ovens(&at("/admin/ovens", admin), AdminOvens { ovens: Vec::new() }),
            vec![lang.admin_empty()],
        ),
        (
            "outliers",
            outliers(&at("/admin/outliers", admin), sample_outliers()),
            vec![lang.it_was_real(), QualityReason::Stuck.label(lang), lang.outliers_judged(), "Horno 2"],
        ),
        (
            "outliers-none",
            outliers(
                &at("/admin/outliers", admin),
                Outliers { pending: Vec::new(), more_pending: false, judged: Vec::new() },
            ),
            vec![lang.outliers_none()],
        ),
        ("form-new", oven_form(&at("/admin/ovens/new", admin), new_form()), vec![lang.save_oven(), lang.map_add_row()]),
        (
            "form-errors",
            oven_form(&at("/admin/ovens/4/edit", admin), sample_form(true)),
            vec![FailureKind::Auth.advice(lang), "Backen=running", lang.secret_stored()],
        ),
        (
            "form-test",
            oven_form(&at("/admin/ovens/4/edit", admin), sample_form(false)),
            vec![lang.test_ok(), "9999", QualityReason::OutOfRange.label(lang)],
        ),
        ("error-404", show_error(ErrorKind::NotFound), vec![lang.error_not_found(), "r-42"]),
        ("error-500", show_error(ErrorKind::Internal), vec![lang.error_internal_text()]),
        ("error-403", show_error(ErrorKind::Forbidden), vec![lang.error_forbidden_text(), "/login"]),
    ]
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[test]
fn every_page_speaks_three_languages() {
    for lang in Lang::ALL {
        for (name, html, texts) in sheets(*lang, Theme::Auto) {
            assert!(html.starts_with("<!doctype html><html"), "{name}: {}", &html[..40]);
            assert!(html.contains(&format!("lang=\"{lang}\"")), "{name}");
            assert_eq!(html.matches("<h1").count(), 1, "{name}: one main heading");
            for text in texts {
                assert!(html.contains(&escaped(text)), "{name} in {lang} lacks {text:?}");
            }
        }
    }
}

#[test]
fn no_page_breaks_the_content_security_policy_or_leaks_a_secret() {
    for (name, html, _) in sheets(Lang::Es, Theme::Dark) {
        for (start, _) in html.match_indices("<script") {
            let tag = &html[start..start + html[start..].find('>').unwrap()];
            assert!(tag.contains("src="), "{name}: inline script {tag}");
        }
        assert!(!html.contains("topsecret"), "{name}");
        assert!(!html.contains(" onclick="), "{name}");
    }
}

#[test]
fn ids_are_unique_and_labels_find_their_inputs() {
    for (name, html, _) in sheets(Lang::En, Theme::Auto) {
        let attribute = |attribute: &str| -> Vec<String> {
            let start = format!(" {attribute}=\"");
            html.split(&start).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
        };
        let mut ids = attribute("id");
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count, "{name}: an id twice");
        for referred in ["for", "aria-labelledby", "aria-describedby", "list"] {
            for id in attribute(referred).iter().flat_map(|value| value.split(' ')) {
                assert!(ids.iter().any(|known| known == id), "{name}: {referred}={id}");
            }
        }
    }
}

#[test]
fn only_pages_with_islands_load_wasm() {
    for (name, html, _) in sheets(Lang::De, Theme::Light) {
        assert_eq!(html.contains("boot.js"), html.contains("<leptos-island"), "{name}");
    }
}

#[test]
fn the_board_says_how_fresh_each_oven_is() {
    let (_, html, _) = sheets(Lang::Es, Theme::Auto).remove(0);
    for freshness in ["live", "stale", "offline", "waiting", "disabled"] {
        assert!(html.contains(&format!("data-freshness=\"{freshness}\"")), "{freshness}");
    }
    assert!(html.contains("Sin contacto desde las 14:27"));
}

#[test]
fn the_gallery_is_written_where_it_is_asked_for() {
    let Some(folder) = std::env::var_os("HORNERO_GALLERY") else { return };
    for (lang, theme) in
        [(Lang::Es, Theme::Light), (Lang::Es, Theme::Dark), (Lang::De, Theme::Dark), (Lang::En, Theme::Light)]
    {
        for (name, html, _) in sheets(lang, theme) {
            std::fs::write(Path::new(&folder).join(format!("{name}-{lang}-{theme}.html")), html).unwrap();
        }
    }
}
