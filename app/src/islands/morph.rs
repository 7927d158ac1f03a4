//! Brings the page from one HTML to the next, touching only what differs, so that focus, selection, scrolling and
//! transitions survive.
//!
//! Children are matched by `data-key` where they have one, otherwise by place. An element with `data-same` stands for
//! one that did not change. When the text of an element with `data-flash` changes, its flash starts anew.

use wasm_bindgen::JsCast;
use web_sys::{Document, Element, HtmlTemplateElement, Node};

/// Makes the children of `root` those of `html`.
pub fn morph(document: &Document, root: &Element, html: &str) {
    let Ok(template) = document.create_element("template") else { return };
    let Ok(template) = template.dyn_into::<HtmlTemplateElement>() else { return };
    template.set_inner_html(html);
    children(root, &template.content());
}

fn children(old: &Node, new: &Node) {
    let mut next_old = old.first_child();
    let mut next_new = new.first_child();
    while let Some(fresh) = next_new {
        // Taken before the node may move out of its parent.
        next_new = fresh.next_sibling();
        let kept = find(next_old.as_ref(), &fresh);
        match kept {
            Some(kept) => {
                if next_old.as_ref() == Some(&kept) {
                    next_old = kept.next_sibling();
                } else {
                    let _ = old.insert_before(&kept, next_old.as_ref());
                }
                update(&kept, &fresh);
            }
            None => {
                let _ = old.insert_before(&fresh, next_old.as_ref());
            }
        }
    }
    while let Some(rest) = next_old {
        next_old = rest.next_sibling();
        let _ = old.remove_child(&rest);
    }
}

/// The node from `first` on that `fresh` is the next state of: the one with its key, or the first if it is alike.
fn find(first: Option<&Node>, fresh: &Node) -> Option<Node> {
    let first = first?;
    let Some(key) = key_of(fresh) else {
        let alike = first.node_name() == fresh.node_name() && key_of(first).is_none();
        return alike.then(|| first.clone());
    };
    let mut candidate = Some(first.clone());
    while let Some(node) = candidate {
        if key_of(&node).as_ref() == Some(&key) && node.node_name() == fresh.node_name() {
            return Some(node);
        }
        candidate = node.next_sibling();
    }
    None
}

fn key_of(node: &Node) -> Option<String> {
    node.dyn_ref::<Element>()?.get_attribute("data-key")
}

fn update(old: &Node, fresh: &Node) {
    let (Some(element), Some(fresh_element)) = (old.dyn_ref::<Element>(), fresh.dyn_ref::<Element>()) else {
        if old.node_value() != fresh.node_value() {
            old.set_node_value(fresh.node_value().as_deref());
            flash(old);
        }
        return;
    };
    if fresh_element.has_attribute("data-same") {
        return;
    }
    attributes(element, fresh_element);
    children(old, fresh);
}

fn attributes(old: &Element, fresh: &Element) {
    let names = |element: &Element| {
        element.get_attribute_names().iter().filter_map(|name| name.as_string()).collect::<Vec<_>>()
    };
    for name in names(fresh) {
        let value = fresh.get_attribute(&name).unwrap_or_default();
        if name != "data-flash" && old.get_attribute(&name).as_ref() != Some(&value) {
            let _ = old.set_attribute(&name, &value);
        }
    }
    for name in names(old) {
        if !fresh.has_attribute(&name) {
            let _ = old.remove_attribute(&name);
        }
    }
}

fn flash(text: &Node) {
    let Some(parent) = text.parent_element() else { return };
    if let Some(turn) = parent.get_attribute("data-flash") {
        let _ = parent.set_attribute("data-flash", if turn == "1" { "2" } else { "1" });
    }
}
