//! Links and QR codes by which workers sign their lines: made for a draft, shown once, printed and handed out.

use actix_web::web;
use askama::Template;

use crate::base::Moment;
use crate::base::id::{LineId, ProjectId, SheetId};
use crate::console::certificates::{is_reachable, qr_of};
use crate::console::projects::head::Head;
use crate::console::{Frame, Shown, show};
use crate::payroll::actions::require_seen;
use crate::payroll::links::actions;
use crate::payroll::links::{LINKS_MAX, MadeLink};
use crate::projects::enter;
use crate::web::{Access, Form, Problem, Route, Verb};

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    vec![Route::form(
        "/projects/{project}/sheets/{sheet}/links",
        Access::Holds(Verb::PrepareSheets),
        "Make links by which workers sign",
        || web::post().to(make),
    )]
}

/// A link as it is handed out.
struct Card {
    made: MadeLink,
    address: String,
    /// The address as a picture; none where the service does not know under which address telephones reach it.
    qr: Option<String>,
}

#[derive(Template)]
#[template(path = "console/month/links.html")]
struct LinksPage {
    f: Frame,
    head: Head,
    sheet: SheetId,
    cards: Vec<Card>,
    until_at: Option<Moment>,
}

impl LinksPage {
    fn is_full(&self) -> bool {
        self.cards.len() >= LINKS_MAX
    }

    fn has_codes(&self) -> bool {
        self.cards.iter().any(|card| card.qr.is_some())
    }
}

async fn make(form: Form, path: web::Path<(ProjectId, SheetId)>) -> Shown {
    let (project, sheet) = path.into_inner();
    let lines: Vec<LineId> = form
        .all("line")
        .map(|text| text.parse().map_err(|error| Problem::unreadable("line", &error)))
        .collect::<Result<_, Problem>>()?;
    let made = form
        .write(Verb::PrepareSheets, move |tx, ctx| {
            let site = enter(tx.conn(), &ctx.scope, project)?;
            require_seen(tx, ctx, &site, sheet)?;
            actions::make(tx, ctx, &site, sheet, &lines)
        })
        .await?;
    let visit = form.visit.clone();
    let base = visit.ctx.ground.settings.upkeep.base_url.clone();
    let card = |made: MadeLink| -> Result<Card, Problem> {
        let address = format!("{base}{}", made.path);
        let qr = is_reachable(&address).then(|| qr_of(&address)).transpose()?;
        Ok(Card { made, address, qr })
    };
    let cards = made.into_iter().map(card).collect::<Result<Vec<_>, _>>()?;
    let head = visit.read(move |conn, visit| Head::enter(conn, visit, project).map(|(_, head)| head)).await?;
    show(&LinksPage { f: Frame::of(&visit), head, sheet, until_at: cards.first().map(|card| card.made.until_at), cards })
}
