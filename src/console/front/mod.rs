//! The front page: what this is, in one minute; in a demonstration a log-in for each role.

use actix_web::web;
use askama::Template;

use super::{Frame, Shown, show};
use crate::users::browser;
use crate::web::{Access, Role, Route, Visit};

/// Pages of this subject.
pub fn routes() -> Vec<Route> {
    vec![Route::page("/", Access::Public, "The front page", || web::get().to(front))]
}

/// One of the demonstration's people.
struct Person {
    role: Role,
    login: String,
    name: String,
}

impl Person {
    /// What this role comes here for.
    fn purpose(&self, f: &Frame) -> &'static str {
        let (zh, en) = match self.role {
            Role::LabourManager => (
                "办一个月的工资：名册、对账单、编表、签字、代发",
                "do a month's wages: roster, statement, sheet, signatures, pay run",
            ),
            Role::LabourAuthority => ("看谁在欠薪、为什么，问闸口", "see who is owed and why, ask the gates"),
            Role::IndustryAuthority => ("发证验收前问一句：放不放行", "ask before a permit or an acceptance is given"),
            Role::Owner => ("看自己的项目与应拨人工费用", "see one's projects and the labour cost due"),
            Role::Subcontractor => ("看班组、出勤与工资表", "see crews, attendance and sheets"),
            Role::GridOfficer => ("看片区内的项目与案件", "see the projects and cases of a grid"),
            Role::Bank => ("交对账单和代发结果", "hand in statements and results"),
            Role::Administrator => ("用户、设备、收件箱、任务、运行状况", "users, devices, inbox, jobs, health"),
            Role::Device => ("", ""),
        };
        f.visit.lang.pick(zh, en)
    }
}

#[derive(Template)]
#[template(path = "console/front/front.html")]
struct FrontPage {
    f: Frame,
    people: Vec<Person>,
}

async fn front(visit: Visit) -> Shown {
    let people = if visit.ctx.ground.settings.demo {
        let found = visit.read(|conn, visit| Ok(browser::one_for_each_role(conn, visit.ctx.today)?)).await?;
        found.into_iter().map(|(role, user)| Person { role, login: user.login, name: user.name }).collect()
    } else {
        Vec::new()
    };
    show(&FrontPage { f: Frame::of(&visit), people })
}
