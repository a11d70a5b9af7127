//! Every number that a broker or an STS must react to (entra.md §1.10) can be produced, here by bad weather. Those that
//! the stand-in also produces by itself are tested where they belong.

use crate::{
    browser::parameters,
    world::{CONTOSO, FILES_SCOPE, USER_READ, World, refresh_form},
};
use entra_dev::{Aadsts, Mischief, Outcome};

/// entra.md §1.10, first column.
const REFERENCE: &[u32] = &[
    16000, 16003, 50020, 50034, 51004, 50014, 90072, 16001, 16002, 160021, 28002, 28003, 70011, 50001,
    500011, 50011, 70004, 900971, 50012, 50027, 50013, 500131, 500133, 700024, 50049, 90002, 50053, 50055,
    50056, 50057, 50126, 50144, 50058, 50059, 90019, 50072, 50074, 50076, 50078, 50079, 50097, 50129, 50155,
    50187, 50105, 50125, 50127, 50131, 50132, 50133, 50173, 70043, 50140, 50199, 50146, 501461, 50147,
    501481, 501491, 50158, 50194, 9001023, 90124, 90130, 50196, 51005, 53000, 53001, 53002, 53003, 53004,
    530032, 530035, 53010, 53011, 54005, 65001, 65004, 65002, 65005, 650056, 650057, 650052, 650054, 70000,
    70001, 700011, 700016, 700038, 7000112, 70002, 7000215, 7000218, 7000222, 70003, 70008, 700082, 700084,
    700020, 700022, 700023, 700025, 700027, 7000214, 7000274, 7000277, 1000502, 700030, 7000114, 700211,
    700212, 700213, 700229, 90008, 90009, 90006, 90012, 90024, 90033, 50033, 50087, 90090, 50088, 90055,
    90094, 90095, 900144, 90014, 9002313, 900561, 900382, 900432, 90038, 9002325, 9002326, 9002327, 9002341,
    240002, 500021, 500022, 500212, 500213,
];

#[tokio::test]
async fn every_number_of_the_reference_can_be_met_by_broker_and_sts() {
    let world = World::start().await;
    let refresh = world.signed_in("openid offline_access").await.text("refresh_token");
    let token = world.token(CONTOSO, &refresh_form(&refresh, FILES_SCOPE)).await.text("access_token");
    for number in REFERENCE {
        let aadsts = Aadsts::find(*number).unwrap_or_else(|| panic!("the table lacks AADSTS{number}"));
        for exchange in [false, true] {
            world.entra.refuse_next(aadsts);
            let answer = if exchange {
                world.obo(&token, USER_READ).await
            } else {
                world.token(CONTOSO, &refresh_form(&refresh, FILES_SCOPE)).await
            };
            answer.is_refused(aadsts.status, aadsts.error, *number, aadsts.suberror);
            assert_eq!(world.entra.requests().last().unwrap().outcome, Outcome::Refused(*number));
        }
    }
    assert_eq!(world.obo(&token, USER_READ).await.status, 200, "each struck once");
}

#[tokio::test]
async fn every_number_can_come_back_on_a_redirect() {
    let world = World::start().await;
    let mut browser = world.browser();
    browser.sign_in("adele@contoso.example", "openid").await;
    for number in REFERENCE {
        world.entra.next_response(Mischief::Error(*number));
        let page = browser.authorize(CONTOSO, &parameters("openid")).await;
        page.is_refused(Aadsts::find(*number).unwrap().redirect_error, *number);
        assert_eq!(page.response()["state"], "the state");
    }
}
