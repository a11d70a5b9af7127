//! The pictures of README and docs: `screenshots FOLDER` uses the demo as a person would and takes one of each thing that a person sees.

use demo::Options;
use e2e::{Failure, Result, Stage, until};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("no screenshots: {why}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result {
    let folder = std::env::args().nth(1).map(PathBuf::from);
    let folder = folder.ok_or_else(|| Failure::wrong("screenshots needs the folder to write into."))?;
    let stage = Stage::set(Options::of_project(Path::new(""))?).await?;
    let taken = take(&stage, &folder).await;
    stage.browser.quit().await?;
    taken
}

async fn take(stage: &Stage, folder: &Path) -> Result {
    let user = stage.demo.estate().tenants.values().find_map(|tenant| tenant.users.first());
    let user = user.ok_or_else(|| Failure::wrong("The estate has no user."))?.username.clone();

    stage.open_app().await?;
    stage.the(".notification .action").await?;
    picture(stage, folder, "prompt").await?;

    stage.accept_notification().await?;
    stage.enter_sign_in_window().await?;
    stage.browser.to_main_window().await?;
    stage.the("[data-talxis-broker]").await?;
    picture(stage, folder, "prompt-while-open").await?;

    stage.sign_in_as(&user).await?;
    until("every control to settle", async || {
        Ok((stage.count(".control[data-state=waiting]").await? == 0).then_some(()))
    })
    .await?;
    picture(stage, folder, "demo").await?;

    stage.the("#global-commands button").await?.click().await?;
    until("the status panel", async || {
        let script =
            "const page = document.querySelector('[data-pane=talxis-broker] iframe')?.contentDocument;
                      return page?.querySelector('[role=status]')?.textContent";
        let said: Option<String> = stage.script(script).await?;
        Ok(said.filter(|said| said.contains(&user)))
    })
    .await?;
    picture(stage, folder, "status").await?;

    stage.the("[data-pane=talxis-broker] iframe").await?.enter_frame().await?;
    let _: Option<bool> = stage.script("document.querySelector('#run').click()").await?; // It may lie below the fold.
    until("the checks to have run", async || {
        let script = "return document.querySelector('#run:not([aria-disabled])') !== null && document.querySelector('#checks').childElementCount > 0";
        Ok(stage.script::<bool>(script).await?.then_some(()))
    })
    .await?;
    let _: Option<bool> = stage.script("document.querySelector('#checks-title').scrollIntoView()").await?;
    stage.browser.enter_default_frame().await?;
    picture(stage, folder, "checks").await
}

async fn picture(stage: &Stage, folder: &Path, name: &str) -> Result {
    stage.browser.screenshot(&folder.join(format!("{name}.png"))).await?;
    println!("{name}.png");
    Ok(())
}
