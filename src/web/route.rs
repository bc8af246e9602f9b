//! The shape of a route. A slice's `routes()` lists its own; from that one list come the actix resources, the access gate and the
//! OpenAPI document, so a route cannot exist without a rule or without being described.

use actix_web::http::Method;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{RefOr, schema};

use super::Verb;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody, without credentials.
    Public,
    /// Attendance devices, by the rules of their protocol.
    Device,
    /// This machine only, without credentials.
    Loopback,
    /// Whoever is logged in, about themselves.
    Myself,
    /// Whoever has the verb somewhere; the handler's scope says where.
    Holds(Verb),
    /// As [`Access::Holds`], or without a log-in by a signature over the body, which only the handler can check: it comes with an
    /// empty scope then, which covers nothing.
    Signed(Verb),
}

/// A schema and the named schemas that it refers to.
#[derive(Clone)]
pub struct Described {
    /// The schema or a reference to it.
    pub schema: RefOr<Schema>,
    /// What it refers to.
    pub named: Vec<(String, RefOr<Schema>)>,
}

impl Described {
    /// The schema of a type. A list or a page of rows stands where it is used: all of them have one name, and one would hide the others.
    pub fn of<T: utoipa::ToSchema>() -> Self {
        let mut named = Vec::new();
        T::schemas(&mut named);
        if std::any::type_name::<T>().contains('<') {
            return Described { schema: T::schema(), named };
        }
        named.push((T::name().into_owned(), T::schema()));
        Described { schema: RefOr::Ref(schema::Ref::from_schema_name(T::name())), named }
    }
}

/// What a body may be.
#[derive(Clone)]
pub enum Accepts {
    /// Nothing.
    Nothing,
    /// JSON of a type.
    Json(Box<Described>),
    /// A file of one of these media types.
    File(&'static [&'static str]),
}

/// A route with its rule and its description.
#[derive(Clone)]
pub struct Route {
    /// Method.
    pub method: Method,
    /// Path with `{names}`.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// One sentence in English.
    pub summary: &'static str,
    /// Body.
    pub accepts: Accepts,
    /// Status of success and, for JSON, its schema; `None` for another media type.
    pub success: (u16, Option<Described>),
    /// Media type of success.
    pub media: &'static str,
    /// Query parameters with what they mean.
    pub query: &'static [(&'static str, &'static str)],
    /// Whether an `Idempotency-Key` is needed.
    pub is_order: bool,
    /// Whether `If-Match` is needed.
    pub is_versioned: bool,
    /// Whether `known_at` is understood: the answer rests on nothing but what a past shows.
    pub knows_past: bool,
    /// Whether it is a page for people: opened by a browser's session, refused in HTML.
    pub is_page: bool,
    /// The handler.
    pub handler: fn() -> actix_web::Route,
}

impl Route {
    fn new(method: Method, path: &'static str, access: Access, summary: &'static str, handler: fn() -> actix_web::Route) -> Self {
        let media = "application/json";
        Self {
            method,
            path,
            access,
            summary,
            accepts: Accepts::Nothing,
            success: (200, None),
            media,
            query: &[],
            is_order: false,
            is_versioned: false,
            knows_past: false,
            is_page: false,
            handler,
        }
    }

    /// A GET.
    pub fn get(path: &'static str, access: Access, summary: &'static str, handler: fn() -> actix_web::Route) -> Self {
        Self::new(Method::GET, path, access, summary, handler)
    }

    /// A POST.
    pub fn post(path: &'static str, access: Access, summary: &'static str, handler: fn() -> actix_web::Route) -> Self {
        Self::new(Method::POST, path, access, summary, handler)
    }

    /// A page.
    pub fn page(path: &'static str, access: Access, summary: &'static str, handler: fn() -> actix_web::Route) -> Self {
        Self { is_page: true, media: "text/html", ..Self::get(path, access, summary, handler) }
    }

    /// What a page's form does.
    pub fn form(path: &'static str, access: Access, summary: &'static str, handler: fn() -> actix_web::Route) -> Self {
        Self { is_page: true, media: "text/html", ..Self::post(path, access, summary, handler) }
    }

    /// A DELETE.
    pub fn delete(path: &'static str, access: Access, summary: &'static str, handler: fn() -> actix_web::Route) -> Self {
        Self::new(Method::DELETE, path, access, summary, handler)
    }

    /// Takes JSON of a type.
    pub fn takes<T: utoipa::ToSchema>(mut self) -> Self {
        self.accepts = Accepts::Json(Box::new(Described::of::<T>()));
        self
    }

    /// Takes a file of one of these media types.
    pub fn takes_file(mut self, media: &'static [&'static str]) -> Self {
        self.accepts = Accepts::File(media);
        self
    }

    /// Answers 200 with JSON of a type.
    pub fn gives<T: utoipa::ToSchema>(mut self) -> Self {
        self.success = (200, Some(Described::of::<T>()));
        self
    }

    /// Answers 201 with JSON of a type.
    pub fn creates<T: utoipa::ToSchema>(mut self) -> Self {
        self.success = (201, Some(Described::of::<T>()));
        self
    }

    /// Answers with something that is not JSON.
    pub fn serves(mut self, media: &'static str) -> Self {
        self.media = media;
        self
    }

    /// Reads these query parameters.
    pub fn query(mut self, names: &'static [(&'static str, &'static str)]) -> Self {
        self.query = names;
        self
    }

    /// Answers about the past as well (`known_at`).
    pub fn of_any_time(mut self) -> Self {
        self.knows_past = true;
        self
    }

    /// An order of money.
    pub fn order(mut self) -> Self {
        self.is_order = true;
        self
    }

    /// Needs the version that the asker saw.
    pub fn versioned(mut self) -> Self {
        self.is_versioned = true;
        self
    }
}
