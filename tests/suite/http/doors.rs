//! The access gate and what belongs to no slice.

use actix_web::http::Method;
use anxin::app::routes;
use anxin::web::{Access, Role, ScopeOn};
use serde_json::json;

use crate::both;

both!(every_route_asks_for_what_its_rule_says, |app| {
    // The server runs nothing but this table; here each line of it is asked without credentials, with wrong ones, with odd bodies.
    // Pages have their own way of refusing; `rights` asks them.
    for route in routes::all().into_iter().filter(|route| !route.is_page) {
        let path = route.path.replace("{file:.*}", "index.html").replace("{tail:.*}", "x");
        let path: String =
            path.split('/').map(|part| if part.starts_with('{') { "none" } else { part }).collect::<Vec<_>>().join("/");
        let bare = app.ask(route.method.clone(), &path).body("text/odd", "odd").send().await;
        let wrong = app.ask(route.method.clone(), &path).header("Authorization", "Bearer wrong").send().await;
        match route.access {
            Access::Holds(_) | Access::Signed(_) | Access::Myself => {
                assert_eq!((bare.status, wrong.status), (401, 401), "{} {}", route.method, route.path);
                bare.refuse(401, "not_authenticated");
            }
            Access::Public | Access::Device | Access::Loopback => {
                assert!(
                    bare.status != 401 || route.path.contains("sessions"),
                    "{} {}: {}",
                    route.method,
                    route.path,
                    bare.status
                );
                assert!(bare.status < 500, "{} {}: {}", route.method, route.path, bare.text());
            }
        }
    }
});

both!(a_role_without_the_verb_is_refused_everywhere, |app| {
    let device = app.client(Role::Device, ScopeOn::Everything);
    for route in routes::all().into_iter().filter(|route| !route.is_page) {
        if let Access::Holds(verb) | Access::Signed(verb) = route.access
            && !anxin::web::scope::verbs_of(Role::Device).contains(&verb)
        {
            let path: String =
                route.path.split('/').map(|part| if part.starts_with('{') { "none" } else { part }).collect::<Vec<_>>().join("/");
            device.ask(route.method.clone(), &path).send().await.refuse(403, "not_allowed");
        }
    }
});

both!(health_is_public_and_figures_are_not, |app| {
    assert_eq!(app.get("/healthz").send().await.text(), "ok\n");
    assert_eq!(app.get("/readyz").send().await.text(), "ready\n");
    let figures = app.get("/metrics").send().await;
    assert_eq!(figures.status, 200);
    assert!(figures.text().contains("anxin_http_requests_total"));
    app.get("/metrics").header("X-Forwarded-For", "192.0.2.7").send().await.refuse(404, "not_found");
});

both!(addresses_that_do_not_exist_answer_a_problem, |app| {
    app.get("/api/v1/nothing").send().await.refuse(404, "not_found");
    app.ask(Method::PUT, "/api/v1/parties").send().await.refuse(405, "method_not_allowed");
});

both!(the_description_names_every_operation_and_its_security, |app| {
    let document = app.get("/api/openapi.json").send().await.expect(200);
    for route in routes::all().iter().filter(|route| route.path.starts_with("/api/v1")) {
        let operation = &document["paths"][route.path][route.method.as_str().to_lowercase()];
        assert!(operation.is_object(), "{} {} is not described", route.method, route.path);
        let open = operation["security"] == json!([]);
        assert_eq!(open, route.access == Access::Public, "{} {}", route.method, route.path);
    }
    let page = app.get("/docs/index.html").send().await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("swagger"));
});
