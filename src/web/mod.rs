//! Floor 3: what every request shares: problems, who may do what, extractors, forms and
//! visits of pages, idempotency, paging, the shape of a route.
//!
//! actix types live here, in `console`, `app` and in files named `http.rs`. Deliberately absent: any table of a slice, any rule of law.

pub mod ctx;
pub mod extract;
pub mod form;
pub mod items;
pub mod lang;
pub mod openapi;
pub mod paging;
pub mod past;
pub mod peer;
pub mod problem;
pub mod route;
pub mod scope;
pub mod visit;

pub use ctx::{Ctx, GateSettings, Ground, InForce, Settings, SignSettings, Upkeep};
pub use extract::{Body, Call, Reply};
pub use form::Form;
pub use lang::Lang;
pub use problem::{Code, Problem};
pub use route::{Access, Route};
pub use scope::{Grant, Role, Scope, ScopeOn, Verb};
pub use visit::{Visit, Visitor};
