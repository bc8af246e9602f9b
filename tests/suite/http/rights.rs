//! Rights, from the route table: every role against every route, on its own objects, on those of another region, organisation and
//! project, and with rights that have not begun, have ended, or belong to somebody who was suspended or has left.
//!
//! A route or a parameter that this test cannot fill fails it, so a new one is added here. Programs' routes are asked with `dry_run`, so
//! that the order of asking does not matter. Pages know no rehearsal: a form is sent with its token and no field, so most are refused for
//! what is missing; the few that need no field do what they do to objects that no later question depends on.

mod world;

use std::collections::BTreeSet;

use actix_web::cookie::Cookie;
use actix_web::http::Method;
use actix_web::test::{self, TestRequest};
use anxin::app::routes;
use anxin::base::id::{RecordId, UserId};
use anxin::store::Chain;
use anxin::users::table::GrantRow;
use anxin::users::{UserState, browser, managing};
use anxin::web::route::Accepts;
use anxin::web::scope::verbs_of;
use anxin::web::{Access, Grant, Role, Route, ScopeOn};

use crate::both;
use crate::suite::ground::{App, Client};
use world::Side;

/// Names in a path that stand for no object of anybody.
const NO_OBJECTS: &[(&str, &str)] = &[
    ("gate", "completion-acceptance"),
    ("file:.*", "index.html"),
    ("rest:.*", "cdata"),
    ("secret", "s3cret"),
    ("lang", "en"),
    ("token", "AAAAAAAAAAAAAAAAAAAAAA"),
    ("rule", "R53-06a"),
    ("month", "2026-01"),
    ("parameter", "deadline.account_open"),
    ("region", "330784"),
    ("instrument", "sc724"),
    ("article", "sc724:24"),
];

/// Objects that whoever has the verb may see, though they are another's, with the reason. `None`: wherever the right lies.
fn is_open_to_others(path: &str, on: ScopeOn) -> bool {
    match path {
        // Names and credit codes of companies are public.
        "/api/v1/parties/{party}" => true,
        // Authorities look at every company's file, and write what their own region says of it.
        "/api/v1/parties/{party}/credit" | "/companies/{party}" => matches!(on, ScopeOn::Region(_)),
        _ => false,
    }
}

/// Routes that somebody with the verb is refused on an object of their own scope, with the reason.
fn is_refused_on_own(path: &str) -> bool {
    // Only whoever proposed an amendment takes it back, and here that is somebody else.
    path.ends_with("/amendments/{amendment}/withdraw")
}

/// Objects of the whole house: whoever runs only a part of it does not find them.
fn is_of_the_house(path: &str) -> bool {
    path.contains("{job}") || path.contains("{mail}") || path.ends_with("/bank-profiles")
}

/// A pattern's parameters.
fn parameters(pattern: &str) -> Vec<&str> {
    pattern.split(['{', '}']).skip(1).step_by(2).collect()
}

/// The parameters that name somebody's object.
fn objects(pattern: &str) -> Vec<&str> {
    parameters(pattern).into_iter().filter(|name| NO_OBJECTS.iter().all(|(none, _)| none != name)).collect()
}

/// A path with the objects of a side; the parameters in `others` are those of the other side.
fn filled(pattern: &str, side: &Side, others: Option<(&Side, &[&str])>) -> String {
    let mut path = pattern.to_owned();
    for name in parameters(pattern) {
        let fixed = NO_OBJECTS.iter().find(|(none, _)| *none == name).map(|(_, text)| *text);
        let from = match others {
            Some((other, names)) if names.contains(&name) => other,
            _ => side,
        };
        let text = fixed.or_else(|| from.named(name));
        let text =
            text.unwrap_or_else(|| panic!("{pattern}: the rights test does not know `{{{name}}}`; add it to rights/world.rs"));
        path = path.replace(&format!("{{{name}}}"), text);
    }
    path
}

fn query(route: &Route) -> &'static str {
    match route.path.rsplit('/').next().unwrap_or_default() {
        "work-days" | "unmatched-pins" | "day-corrections" => "month=2026-02&dry_run=true",
        "punches" => "day=2026-02-10&dry_run=true",
        "documents" => "kind=contract&dry_run=true",
        _ => "dry_run=true",
    }
}

/// A request for a route about a side's objects, with everything that the route wants except credentials.
fn request(route: &Route, path: &str, side: &Side, number: usize) -> TestRequest {
    let request = TestRequest::with_uri(&format!("{path}?{}", query(route)))
        .method(route.method.clone())
        .peer_addr("127.0.0.1:50000".parse().unwrap())
        .insert_header(("If-Match", "1"))
        .insert_header(("Idempotency-Key", format!("rights-{number}")));
    match &route.accepts {
        Accepts::Nothing => request,
        Accepts::File(media) => {
            request.insert_header(("Content-Type", *media.first().unwrap())).set_payload(b"%PDF-1.4 invented".to_vec())
        }
        Accepts::Json(_) => {
            let body = side.body(&route.method, route.path);
            request.set_json(body.unwrap_or_else(|| {
                panic!("{} {}: the rights test has no body for it; add one to rights/world.rs", route.method, route.path)
            }))
        }
    }
}

/// Somebody with a role in the places to be tried: a token for programs, a cookie for pages.
struct Asker {
    token: String,
    cookie: String,
    csrf: String,
}

fn asker(app: &App, client: &Client<'_>) -> Asker {
    let user = client.user;
    let cookie = app
        .write(move |tx, ctx| {
            let user = anxin::users::table::find(tx.conn(), user)?.unwrap();
            browser::open(tx, ctx, &user)
        })
        .unwrap();
    Asker { token: client.token().to_owned(), csrf: browser::form_token(&app.ground.vault, &cookie), cookie }
}

impl Asker {
    fn signs(&self, route: &Route, request: TestRequest) -> TestRequest {
        if !route.is_page {
            return request.insert_header(("Authorization", format!("Bearer {}", self.token)));
        }
        let request = request.cookie(Cookie::new("anxin_session", self.cookie.clone()));
        match route.method {
            Method::POST => request.set_form([("csrf", self.csrf.as_str())]),
            _ => request,
        }
    }
}

/// The whole service as one function from request to status, location and body.
macro_rules! service {
    ($app:expr) => {{
        let house = $app.house();
        let service = test::init_service(actix_web::App::new().configure(move |config| house.configure(config))).await;
        async move |request: TestRequest| {
            let response = test::call_service(&service, request.to_request()).await;
            let location = response.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
            (response.status().as_u16(), location.unwrap_or_default())
        }
    }};
}

fn region(side: &Side) -> ScopeOn {
    ScopeOn::Region(side.region.parse().unwrap())
}

fn allows(role: Role, access: Access) -> bool {
    match access {
        Access::Holds(verb) | Access::Signed(verb) => verbs_of(role).contains(&verb),
        Access::Public | Access::Device | Access::Loopback | Access::Myself => true,
    }
}

/// Routes that ask who somebody is.
fn guarded() -> Vec<Route> {
    routes::all()
        .into_iter()
        .filter(|route| matches!(route.access, Access::Holds(_) | Access::Signed(_) | Access::Myself))
        .collect()
}

async fn sides(app: &App) -> (Side, Side) {
    (Side::build(app, 1, "330784").await, Side::build(app, 2, "310000").await)
}

/// Routes that end what the asker stands on: asked without keeping anything, but never on pages, which know no rehearsal.
fn ends_the_asker(route: &Route) -> bool {
    route.is_page && matches!(route.path, "/logout/everywhere" | "/password" | "/logout")
}

both!(nobody_is_let_in_without_credentials_or_with_rights_that_do_not_hold, |app| {
    let (own, _) = sides(&app).await;
    let send = service!(app);
    let routes = guarded();
    for route in &routes {
        let path = filled(route.path, &own, None);
        let bare = TestRequest::with_uri(&path).method(route.method.clone()).insert_header(("Content-Type", "text/odd"));
        let (status, location) = send(bare.set_payload("odd")).await;
        if route.is_page {
            assert_eq!((status, location.starts_with("/login")), (303, true), "{} {}", route.method, route.path);
        } else {
            assert_eq!(status, 401, "{} {}", route.method, route.path);
        }
    }
    for role in Role::ALL.iter().copied() {
        let idle = |from: i64, until: Option<i64>| {
            let client = app.client(Role::Device, ScopeOn::Region("650000".parse().unwrap()));
            replace_grant(&app, client.user, Grant { role, on: region(&own) }, from, until);
            asker(&app, &client)
        };
        let (early, late) = (idle(1, None), idle(-10, Some(-1)));
        let out = |state| {
            let client = app.client(role, region(&own));
            let asker = asker(&app, &client);
            let user = client.user;
            app.write(move |tx, ctx| managing::set_state(tx, ctx, user, state)).unwrap();
            asker
        };
        let (suspended, ended) = (out(UserState::Suspended), out(UserState::Ended));
        for (number, route) in routes.iter().enumerate() {
            let path = filled(route.path, &own, None);
            let what = format!("{role}: {} {}", route.method, route.path);
            for asker in [&early, &late] {
                if matches!(route.access, Access::Holds(_) | Access::Signed(_)) {
                    let (status, _) = send(asker.signs(route, request(route, &path, &own, number))).await;
                    assert_eq!(status, 403, "{what}: a right that has not begun or has ended counts for nothing");
                }
            }
            for asker in [&suspended, &ended] {
                let (status, location) = send(asker.signs(route, request(route, &path, &own, number))).await;
                let is_out = status == 401 || (route.is_page && status == 303 && location.starts_with("/login"));
                assert!(is_out, "{what}: {status} for somebody who may not log in");
            }
        }
    }
});

/// Puts a grant in the place of the one that a client was made with; days count from today.
fn replace_grant(app: &App, user: UserId, grant: Grant, from: i64, until: Option<i64>) {
    let done = app.write(move |tx, ctx| {
        for old in anxin::users::table::grants_ever(tx.conn(), user)? {
            managing::end_grant(tx, ctx, user, old.id)?;
        }
        let (scope_kind, scope_value) = grant.on.parts();
        let row = GrantRow {
            id: RecordId(ctx.id()),
            user_id: user,
            role: grant.role,
            scope_kind: scope_kind.to_owned(),
            scope_value,
            from_on: ctx.today.plus_days(from),
            until_on: until.map(|days| ctx.today.plus_days(days)),
            recorded_seq: tx.seq(Chain::Organisation)?,
        };
        anxin::users::table::insert_grant(tx, &row)?;
        Ok(tx.note(Chain::Organisation, ctx.now, ctx.actor(), "test_grant", &user.to_string())?)
    });
    done.unwrap();
}

both!(each_role_reaches_its_own_and_only_by_its_verbs, |app| {
    let (own, _) = sides(&app).await;
    let send = service!(app);
    let routes = guarded();
    let places =
        [region(&own), ScopeOn::Everything, ScopeOn::Organisation(own.general_contractor), ScopeOn::Project(own.project)];
    let mut wrong = Vec::new();
    for role in Role::ALL.iter().copied() {
        for on in places {
            let asker = asker(&app, &app.client(role, on));
            let is_narrow = matches!(on, ScopeOn::Organisation(_) | ScopeOn::Project(_));
            // A right on one project or company says nothing of users, companies and law.
            let fits = |route: &&Route| !is_narrow || route.path.contains("{project}");
            for (number, route) in routes.iter().enumerate().filter(|(_, route)| fits(route) && !ends_the_asker(route)) {
                let path = filled(route.path, &own, None);
                let (status, location) = send(asker.signs(route, request(route, &path, &own, number))).await;
                let what = format!("{role} on {on:?}: {} {} gave {status} {location}", route.method, route.path);
                let is_right = match allows(role, route.access) {
                    false => status == 403,
                    true if is_refused_on_own(route.path) => status == 403,
                    true if is_of_the_house(route.path) && on != ScopeOn::Everything => status == 404,
                    true => status < 500 && ![401, 403, 404, 405].contains(&status) && !location.starts_with("/login"),
                };
                wrong.extend((!is_right).then_some(what));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // A bank that holds one account reaches that account.
    let bank = asker(&app, &app.client(Role::Bank, ScopeOn::Account(own.account)));
    for route in
        routes.iter().filter(|route| !route.is_page && route.path.contains("{account}") && allows(Role::Bank, route.access))
    {
        let path = filled(route.path, &own, None);
        let status = send(bank.signs(route, request(route, &path, &own, 0))).await.0;
        // Reached, and refused for what it says: bytes that are no sheet, and a word that a form above has taken back already.
        let is_file = matches!(route.accepts, Accepts::File(_)) && status == 422;
        let is_gone = route.path.ends_with("/removal") && status == 409;
        assert!(status == 200 || is_file || is_gone, "{}: {status}", route.path);
    }
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(what_belongs_to_others_is_not_there, |app| {
    let (own, other) = sides(&app).await;
    let send = service!(app);
    let with_objects: Vec<Route> = guarded().into_iter().filter(|route| !objects(route.path).is_empty()).collect();
    let places = [
        region(&own),
        ScopeOn::Organisation(own.general_contractor),
        ScopeOn::Project(own.project),
        ScopeOn::Account(own.account),
    ];
    let (mut seen, mut wrong) = (BTreeSet::new(), Vec::new());
    for role in Role::ALL.iter().copied() {
        for on in places {
            let asker = asker(&app, &app.client(role, on));
            for (number, route) in with_objects.iter().enumerate() {
                seen.extend(objects(route.path));
                let names = objects(route.path);
                let (_, children) = names.split_first().unwrap();
                let mut tries = vec![(filled(route.path, &other, None), &other)];
                if !children.is_empty() && matches!(on, ScopeOn::Region(_)) {
                    // One's own project with somebody else's sheet, account, grant … in it.
                    tries.push((filled(route.path, &own, Some((&other, children))), &own));
                }
                for (path, side) in tries {
                    if is_open_to_others(route.path, on) && allows(role, route.access) {
                        continue;
                    }
                    // A form may find a field or its number missing before it looks for the object; it never does anything.
                    let wanted: &[u16] = match (allows(role, route.access), route.is_page && route.method == Method::POST) {
                        (false, _) => &[403],
                        (true, false) => &[404],
                        (true, true) => &[404, 422, 428],
                    };
                    let (status, _) = send(asker.signs(route, request(route, &path, side, number))).await;
                    let what = format!("{role} on {on:?}: {} {path} gave {status}, not {wanted:?}", route.method);
                    wrong.extend((!wanted.contains(&status)).then_some(what));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // The gate's question names its project in the body.
    let asker = asker(&app, &app.client(Role::LabourManager, ScopeOn::Project(own.project)));
    for route in guarded().iter().filter(|route| matches!(route.path, "/api/v1/gates/{gate}" | "/api/v1/devices")) {
        if route.method == Method::POST {
            let path = filled(route.path, &own, None);
            assert_eq!(send(asker.signs(route, request(route, &path, &other, 0))).await.0, 404, "{}", route.path);
        }
    }
    let unused: Vec<&str> = ["party", "project", "user"].into_iter().filter(|name| !seen.contains(name)).collect();
    assert_eq!(unused, Vec::<&str>::new(), "the route table was not read");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_form_needs_the_token_of_its_session, |app| {
    let (own, _) = sides(&app).await;
    let send = service!(app);
    for role in Role::ALL.iter().copied() {
        let asker = asker(&app, &app.client(role, region(&own)));
        for route in guarded().iter().filter(|route| route.is_page && route.method == Method::POST) {
            let request = TestRequest::with_uri(&filled(route.path, &own, None))
                .method(Method::POST)
                .cookie(Cookie::new("anxin_session", asker.cookie.clone()))
                .set_form([("csrf", "guessed")]);
            assert_eq!(send(request).await.0, 403, "{role}: {}", route.path);
        }
    }
});
