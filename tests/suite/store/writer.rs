//! The writer: many at once, none lost, a failing neighbour harms nobody.

use std::sync::Arc;

use anxin::store::{Gathering, StoreError, Tx, jobs};
use anxin::web::Problem;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use futures_util::future::join_all;

use crate::both;
use crate::suite::ground::App;

fn mark(tx: &mut Tx<'_>, name: &str) -> Result<(), Problem> {
    diesel::sql_query("INSERT INTO marks (name, value) VALUES ($1, $2)")
        .bind::<Text, _>(name)
        .bind::<Text, _>("x")
        .execute(tx.conn())?;
    Ok(())
}

fn count(app: &App) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    app.read(|conn, _| {
        Ok(diesel::sql_query("SELECT COUNT(*) AS n FROM marks WHERE name LIKE 'mark-%'").get_result::<Count>(conn)?.n)
    })
    .unwrap()
}

both!(a_hundred_at_once_are_all_kept_and_failures_keep_nothing, |app| {
    let work = (0..100).map(|number| {
        let db = app.ground.db.clone();
        async move {
            db.write_in_group(move |tx| -> Result<(), Problem> {
                mark(tx, &format!("mark-{number}"))?;
                // The first of all fails too: nothing stands before it in its group.
                match number % 10 {
                    0 => Err(Problem::not_found()),
                    1 => mark(tx, &format!("mark-{number}")),
                    2 => panic!("a panic stays with its own piece"),
                    _ => Ok(()),
                }
            })
            .await
        }
    });
    let results = join_all(work).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 70);
    assert_eq!(count(&app), 70);
});

both!(what_fails_together_is_done_one_by_one, |app| {
    let together = |tx: &mut Tx<'_>, numbers: &[u32]| -> Result<Vec<u32>, Problem> {
        for number in numbers {
            mark(tx, &format!("mark-{number}"))?;
            match number % 10 {
                0 => return Err(Problem::not_found()),
                1 => mark(tx, &format!("mark-{number}"))?,
                2 => panic!("a panic stays with its own request"),
                _ => {}
            }
        }
        Ok(numbers.to_vec())
    };
    // A list of its own for each of two lanes, where there are two.
    let lists = [Arc::new(Gathering::new(16, together)), Arc::new(Gathering::new(16, together))];
    let work = (0..100).map(|number| {
        let (db, lists) = (app.ground.db.clone(), &lists);
        async move {
            let lane = number as usize % 2 % db.lanes();
            db.write_together(lane, &lists[lane], number).await
        }
    });
    let results = join_all(work).await;
    for (number, result) in (0..).zip(&results) {
        assert_eq!(result.is_ok(), number % 10 > 2, "{number}");
        assert!(result.as_ref().ok().is_none_or(|answer| *answer == number), "everybody gets the answer to what he asked");
    }
    assert_eq!(count(&app), 70);
});

both!(work_that_may_wait_is_one_job_and_whoever_is_in_a_hurry_gets_it_earlier, |app| {
    let due = |at: i64| {
        app.write(move |tx, ctx| {
            let due = ctx.now.plus_seconds(at);
            Ok(jobs::enqueue_for(tx.conn(), ctx.id(), ("fold_days", "prj-1"), ctx.now, due)?)
        })
        .unwrap();
        let waiting = app.read(|conn, _| Ok(jobs::list(conn, jobs::JobState::Queued, 0, 10)?)).unwrap();
        assert_eq!(waiting.len(), 1);
        (waiting[0].run_at.0 - waiting[0].created_at.0) / 1_000_000
    };
    assert_eq!([due(5), due(9), due(3), due(0), due(5)], [5, 5, 3, 0, 0]);
});

both!(sums_are_exact_beyond_what_a_float_holds, |app| {
    let big = (1_i64 << 53) + 1;
    let sum = app.write(move |tx, _| {
        diesel::sql_query("CREATE TABLE amounts (fen BIGINT NOT NULL)").execute(tx.conn())?;
        for fen in [big, 1] {
            diesel::sql_query("INSERT INTO amounts VALUES ($1)").bind::<BigInt, _>(fen).execute(tx.conn())?;
        }
        Ok(anxin::store::bulk::sum_fen(tx.conn(), "fen", "FROM amounts")?)
    });
    assert_eq!(sum.unwrap().0, big + 1);
});

both!(two_writers_of_one_chain_get_two_numbers, |app| {
    let project = crate::suite::ground::project(&app.labour_manager(), 1, "330784").await;
    let work = (0..20).map(|day| {
        let ground = std::sync::Arc::clone(&app.ground);
        async move {
            let ctx = anxin::web::Ctx::of_the_house(&ground, "test");
            let db = ground.db.clone();
            db.write(move |tx| -> Result<i64, Problem> {
                let site = anxin::projects::enter(tx.conn(), &ctx.scope, project.id)?;
                let fact = anxin::projects::Fact::PayDay { day: 1 + day };
                anxin::projects::actions::record_fact(tx, &ctx, &site, ctx.today, &fact, None)?;
                Ok(tx.seq(anxin::store::Chain::Project(project.id))?)
            })
            .await
        }
    });
    let mut numbers: Vec<i64> = join_all(work).await.into_iter().map(|result| result.unwrap()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 20);
    assert_eq!(app.broken(), Vec::<String>::new());
});

#[test]
fn an_unknown_scheme_is_named() {
    let error = anxin::store::conn::Place::parse("mysql://x").unwrap_err();
    assert!(matches!(&error, StoreError::Setup(text) if text.contains("mysql")), "{error}");
}
