//! Health: what is late, who repairs it, and who may ask.

use anxin::store::{jobs, ticks};
use anxin::web::{Role, ScopeOn};
use serde_json::{Value, json};

use crate::both;
use crate::suite::ground::project;
use crate::suite::http::workers::{crew, enrol, worker};

fn sign<'a>(health: &'a Value, name: &str) -> &'a Value {
    let signs = health["signs"].as_array().unwrap();
    signs.iter().find(|sign| sign["name"] == name).unwrap_or_else(|| panic!("no sign `{name}` in {health}"))
}

both!(health_says_what_is_late_and_who_repairs_it, |app| {
    let app = app.with_mail(|_| ());
    let admin = app.client(Role::Administrator, ScopeOn::Everything);
    app.labour_manager().get("/api/v1/health").send().await.refuse(403, "not_allowed");
    let calm = admin.get("/api/v1/health").send().await.expect(200);
    for name in ["migrations", "queue", "dead_letters", "mails", "quarantine", "devices", "statements", "punches"] {
        assert_eq!(sign(&calm, name)["state"], "ok", "{name}: {calm}");
        assert_eq!(sign(&calm, name)["repair_zh"], "");
    }
    assert_eq!(
        (&sign(&calm, "nightly")["state"], &calm["state"]),
        (&json!("unknown"), &json!("unknown")),
        "not known is not good"
    );
    app.write(|tx, ctx| {
        ticks::claim(tx.conn(), "nightly", ctx.now, ticks::TickOutcome::Ran, ctx.now)?;
        jobs::enqueue(tx.conn(), ctx.id(), "assess", "prj-0CJ1V8Q2M0001", ctx.now)?;
        Ok(())
    })
    .unwrap();
    assert_eq!(admin.get("/api/v1/health").send().await.expect(200)["state"], "ok");
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let crew = crew(&manager, &site, "钢筋一班").await;
    enrol(&manager, &site, vec![worker(1, &crew)]).await;
    let device = json!({"serial": "QUIET1", "project": site.id, "gate": "1号门", "direction": "in"});
    manager.post("/api/v1/devices", device).send().await.expect(200);
    app.clock.set("2026-03-05T09:00:00+08:00");
    let late = admin.get("/api/v1/health").send().await.expect(200);
    assert_eq!(
        (&late["state"], &sign(&late, "queue")["state"], &sign(&late, "nightly")["state"]),
        (&json!("bad"), &json!("bad"), &json!("bad"))
    );
    assert!(sign(&late, "queue")["since"].is_string());
    // That nobody was seen behind the only gate is told by the gate.
    assert_eq!(sign(&late, "punches")["state"], "ok", "{late}");
    for name in ["queue", "nightly", "devices"] {
        let one = sign(&late, name);
        for text in ["zh", "en", "repair_zh", "repair_en"] {
            assert!(!one[text].as_str().unwrap().is_empty(), "{name} {text}");
        }
    }
    let silent = &sign(&late, "devices")["late"][0];
    assert_eq!((&silent["project"], &silent["which"]), (&json!(site.id), &json!("QUIET1 1号门")));
    // An administrator of the region is told of its projects, whatever else is silent before them.
    let here = app.client(Role::Administrator, ScopeOn::Region("330700".parse().unwrap()));
    let told = here.get("/api/v1/health").send().await.expect(200);
    assert_eq!(sign(&told, "devices")["count"], 1);
    // An administrator of another region sees the house's own signs, and nobody else's projects.
    let elsewhere = app.client(Role::Administrator, ScopeOn::Region("440300".parse().unwrap()));
    let seen = elsewhere.get("/api/v1/health").send().await.expect(200);
    assert_eq!((&sign(&seen, "devices")["count"], &sign(&seen, "queue")["state"]), (&json!(0), &json!("bad")));
    assert!(!seen.to_string().contains("测试项目1"));
});
