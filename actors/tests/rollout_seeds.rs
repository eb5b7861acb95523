//! Rollouts in random order, good and bad ones, in worlds that crash: the percentages hold at every moment.
//!
//! `MAINSTAY_SEED=17` replays one world, with its log on stderr; `MAINSTAY_SEEDS=1000` tries more.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what the helpers of a test cannot do fails it")]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use mainstay_actors::control::ServiceUpdate;
use mainstay_actors::service::ServiceMsg;
use mainstay_actors::sim::{Script, World, checked, container, new_service, service_key};
use mainstay_core::deployment::rollout::StopType;
use mainstay_core::deployment::{lower_bound, upper_bound};
use mainstay_core::model::{
    CircuitBreaker, DeploymentConfiguration, RolloutState, ServiceDeploymentStatus as Status,
};
use mainstay_core::{RevisionKey, ServiceKey};
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use support::*;
use tokio::time::Instant;

const DESIRED: u32 = 4;

#[test]
fn whatever_is_rolled_out_in_whatever_order_the_percentages_hold() {
    every_seed(60, |seed| async move { Rollouts::new(seed).await.run().await });
}

struct Rollouts {
    world: World,
    chance: SmallRng,
    web: ServiceKey,
    limits: DeploymentConfiguration,
    /// Revisions whose tasks are well.
    good: BTreeSet<RevisionKey>,
    /// When the first rollout was over.
    from: Instant,
}

impl Rollouts {
    async fn new(seed: u64) -> Self {
        let mut chance = SmallRng::seed_from_u64(seed);
        let mut world = quiet_world(seed);
        world.settings.intensity.restarts = 10_000;
        world.engine.script("well", Script::healthy(2 * SEC));
        world.engine.script("sick", Script::runs().then_unhealthy(15 * SEC));
        world.engine.script("crash", Script::exits(1, 10 * MS));
        world.engine.script("slow-crash", Script::exits(1, 5 * SEC));
        world.start().await.unwrap();
        let (minimum_healthy_percent, maximum_percent) =
            *[(100, 200), (50, 100), (75, 150), (0, 100), (50, 200)].choose(&mut chance).unwrap();
        let circuit_breaker =
            CircuitBreaker { enable: true, rollback: chance.random_bool(0.7), ..Default::default() };
        let limits = DeploymentConfiguration {
            minimum_healthy_percent,
            maximum_percent,
            circuit_breaker,
            bake_time_minutes: None,
        };
        let first = world.define("web", vec![container("good")]).await.unwrap();
        let mut new = new_service("web", first.clone(), DESIRED);
        new.deployment_configuration = limits;
        world.control().create_service(new).await.unwrap();
        let web = service_key("web");
        let good = [first].into();
        let mut story = Self { world, chance, web, limits, good, from: Instant::now() };
        story.succeeded().await;
        story.from = Instant::now();
        story
    }

    async fn run(mut self) {
        for _ in 0..self.chance.random_range(4..16) {
            self.act().await;
            // Half of it comes in the middle of what the other half began.
            let longest = if self.chance.random_bool(0.5) { 3000 } else { 90_000 };
            pass(Duration::from_millis(self.chance.random_range(0..longest))).await;
        }
        self.up().await;
        self.roll("good").await;
        self.succeeded().await;
        self.judge();
    }

    /// A daemon that crashed is started again.
    async fn up(&mut self) {
        if !self.world.is_up() {
            self.world.start().await.unwrap();
        }
    }

    async fn act(&mut self) {
        if !self.world.is_up() {
            return self.up().await;
        }
        match self.chance.random_range(0..12) {
            0..6 => {
                let what = ["good", "well", "sick", "crash", "slow-crash"];
                let what = *what.choose(&mut self.chance).unwrap();
                self.roll(what).await;
            }
            6 | 7 => {
                let how = if self.chance.random_bool(0.5) { StopType::Abort } else { StopType::Rollback };
                let id = self.world.service(&self.web).unwrap().service_deployments[0].id.clone();
                // It may be over, or have nothing to go back to.
                drop(self.world.control().stop_service_deployment(self.web.clone(), id, how).await);
            }
            8 => {
                let actor = self.world.ctx().directory.services.get(&self.web);
                if let Some(actor) = actor {
                    drop(actor.cast(ServiceMsg::Panic));
                }
            }
            9 => {
                if let Some(actor) = self.world.ctx().directory.services.get(&self.web) {
                    actor.kill();
                }
            }
            10 => self.world.crash(),
            _ => self.world.stop().await,
        }
    }

    async fn roll(&mut self, image: &str) {
        let made = match image {
            "well" | "sick" => checked(image),
            _ => container(image),
        };
        let definition = self.world.define("web", vec![made]).await.unwrap();
        if ["good", "well"].contains(&image) {
            self.good.insert(definition.clone());
        }
        let update = ServiceUpdate { definition: Some(definition), ..Default::default() };
        // Its actor may have been killed just now, so that nobody answers.
        while self.world.control().update_service(self.web.clone(), update.clone()).await.is_err() {}
    }

    async fn succeeded(&self) {
        until(&self.world, "the last rollout is over", 20 * MIN, |world| {
            let service = world.service(&self.web).unwrap();
            service.service_deployments[0].status == Status::Successful && world.is_settled(&self.web)
        })
        .await;
    }

    /// At no moment were there more than may be, nor fewer that work.
    fn judge(&self) {
        let (least, most) = (lower_bound(DESIRED, self.limits), upper_bound(DESIRED, self.limits));
        let history = self.world.engine.history();
        for moment in history.moments.iter().filter(|moment| moment.at >= self.from) {
            let all: usize = moment.running.values().sum();
            assert!(all <= most as usize, "{all} of at most {most} ran at {:?}", moment.at - self.from);
            let good = moment.running.iter().filter(|(revision, _)| self.good.contains(*revision));
            let good: usize = good.map(|(_, count)| *count).sum();
            assert!(good >= least as usize, "{good} of {least} worked at {:?}", moment.at - self.from);
        }
        let service = self.world.service(&self.web).unwrap();
        assert_eq!(service.primary().unwrap().rollout_state, RolloutState::Completed);
        for told in service.service_deployments.iter().skip(1) {
            assert!(told.status.is_over(), "{told:?}");
            assert!(told.failures <= told.threshold, "{told:?}");
        }
        assert_lawful(&self.world);
    }
}
