//! Signing in to a business system without JavaScript.

use reqwest::Method;
use serde_json::json;

use crate::{
    account_unit::join_as_unit,
    support::{
        Answer, Client, PASSWORD, TestApp, count, person,
        systems::{CALLBACK, System, hidden, parameter},
    },
};

/// The answer to the captcha of a page.
async fn solve(client: &Client<'_>, html: &str) -> (String, String) {
    let id = hidden(html, "captcha_id");
    let answer = client.get(&format!("/sandbox/v1/captchas/{id}")).await.ok(200);
    (id, answer["answer"].as_str().unwrap().to_owned())
}

/// Sends the sign-in page back, filled in.
async fn fill_in(
    client: &Client<'_>,
    (id, html): (&str, &str),
    (username, password): (&str, &str),
) -> Answer {
    let (captcha, answer) = solve(client, html).await;
    let fields = [
        ("token", hidden(html, "token")),
        ("lang", hidden(html, "lang")),
        ("captcha_id", captcha),
        ("captcha_answer", answer),
        ("username", username.to_owned()),
        ("password", password.to_owned()),
    ];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    client.form(&format!("/oauth2/plain/{id}/sign-in"), &fields).await
}

async fn decide(client: &Client<'_>, (id, html): (&str, &str), decision: &str) -> Answer {
    let mut fields = vec![("token", hidden(html, "token")), ("decision", decision.to_owned())];
    if html.contains("name=\"confirmation\"") {
        fields.push(("confirmation", hidden(html, "confirmation")));
    }
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    client.form(&format!("/oauth2/plain/{id}/decision"), &fields).await
}

async fn page(client: &Client<'_>, id: &str) -> String {
    client.get(&format!("/oauth2/plain/{id}")).await.page(200)
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn somebody_signs_in_and_consents_without_scripts() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    client.register(&person("王小明"), "zhangsan").await;
    let id = client.come(&system.asks("openid phone realname")).await;
    let link = client.get("/oauth2/plain").await.location();
    assert_eq!(link, format!("/oauth2/plain/{id}"));
    let answer = client.get(&link).await;
    let html = answer.page(200);
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("form-action 'self' https://ks.example.gov.cn;"), "{policy}");
    assert_eq!(answer.header("referrer-policy"), "same-origin");
    assert!(html.contains("考生服务系统") && html.contains("深圳市考试院"), "{html}");
    for field in ["username", "password", "captcha"] {
        assert!(html.contains(&format!("<label for=\"{field}\">")), "{field}");
        assert!(html.contains(&format!("id=\"{field}\"")), "{field}");
    }
    let image = format!("/api/v1/captchas/{}/image", hidden(&html, "captcha_id"));
    assert!(html.contains(&format!("src=\"{image}\"")) && html.contains("/audio?language=zh-CN"));
    let signed_in = fill_in(&client, (&id, &html), ("zhangsan", PASSWORD)).await;
    assert_eq!(signed_in.location(), format!("/oauth2/plain/{id}?lang=zh-CN"));
    assert!(
        client.cookie("shiming_session").is_some() && client.cookie("shiming_device").is_some()
    );
    let html = page(&client, &id).await;
    for words in ["zhangsan", "王**", "手机号码", "姓名", "证件号码（隐藏中间部分）", "同意并登录"]
    {
        assert!(html.contains(words), "{words}: {html}");
    }
    let location = decide(&client, (&id, &html), "allow").await.location();
    assert!(location.starts_with(CALLBACK) && parameter(&location, "code").is_some());
    // And again: nothing is asked, but it is said who signs in where.
    let id = client.come(&system.asks("openid phone")).await;
    let html = page(&client, &id).await;
    assert!(html.contains("继续登录") && !html.contains("同意并登录"), "{html}");
    let location = decide(&client, (&id, &html), "allow").await.location();
    assert!(parameter(&location, "code").is_some());
    client.get(&format!("/oauth2/plain/{id}")).await.page(404);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_is_wrong_stands_beside_its_field_and_what_was_typed_stays() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    client.register(&person("王小明"), "zhangsan").await;
    let id = client.come(&system.asks("openid")).await;
    let path = format!("/oauth2/plain/{id}/sign-in");
    let html = page(&client, &id).await;
    let token = hidden(&html, "token");
    let html = client.form(&path, &[("token", &token)]).await.page(422);
    for field in ["username", "password", "captcha"] {
        assert!(html.contains(&format!("<a href=\"#{field}\">")), "{field}: {html}");
        assert!(html.contains(&format!("id=\"{field}-error\"")), "{field}");
        assert!(html.contains(&format!("aria-describedby=\"{field}-error\"")), "{field}");
    }
    assert!(html.contains("role=\"alert\""));
    // A wrong captcha.
    let (captcha, answer) = solve(&client, &html).await;
    let wrong = if answer == "00000" { "11111" } else { "00000" };
    let typed = "zhang\"><b>san";
    let fields = [
        ("token", token.as_str()),
        ("captcha_id", &captcha),
        ("captcha_answer", wrong),
        ("username", typed),
        ("password", PASSWORD),
    ];
    let html = client.form(&path, &fields).await.page(422);
    assert!(html.contains("验证码不正确") && !html.contains("<b>san"), "{html}");
    assert!(html.contains("zhang&#34;&#62;&#60;b&#62;san"), "{html}");
    assert!(!html.contains(PASSWORD) && hidden(&html, "captcha_id") != captcha);
    // A wrong password, in English; an unknown user is told the same.
    let english = client.get(&format!("/oauth2/plain/{id}?lang=en")).await.page(200);
    assert!(english.contains("<html lang=\"en\">") && english.contains("Candidate service"));
    let refused = fill_in(&client, (&id, &english), ("zhangsan", "wrong password")).await;
    let known = refused.page(401);
    assert!(known.contains("Username or password is not right"), "{known}");
    assert!(known.contains("value=\"zhangsan\"") && !known.contains("wrong password"));
    app.pass(60);
    let unknown = fill_in(&client, (&id, &known), ("zhangsi", "wrong password")).await.page(401);
    let plain =
        |html: &str| html.replace(&hidden(html, "captcha_id"), "").replace("zhangsi", "zhangsan");
    assert_eq!(plain(&known), plain(&unknown));
    // Too many.
    let mut html = unknown;
    for _ in 0..12 {
        let answer = fill_in(&client, (&id, &html), ("zhangsan", "wrong password")).await;
        html = answer.page(answer.status);
        if answer.status == 429 {
            assert!(html.contains(" seconds."), "{html}");
            return;
        }
    }
    panic!("never locked");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn forms_of_other_sites_are_refused_and_old_browsers_are_let_in() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let mut client = app.client();
    client.register(&person("王小明"), "zhangsan").await;
    let id = client.come(&system.asks("openid")).await;
    let mine = client.origin.clone();
    let html = page(&client, &id).await;
    for origin in ["https://evil.example", "null", "https://ks.example.gov.cn"] {
        client.origin = Some(origin.to_owned());
        let answer = fill_in(&client, (&id, &html), ("zhangsan", PASSWORD)).await;
        assert!(answer.page(403).contains("请求来源不受信任"));
        decide(&client, (&id, &html), "deny").await.page(403);
    }
    // A browser that says nothing: the token decides.
    client.origin = None;
    for token in ["", "nonsense", &"0".repeat(64), &id] {
        let form = [("token", token), ("decision", "deny")];
        client.form(&format!("/oauth2/plain/{id}/decision"), &form).await.page(403);
        let form = [("token", token), ("username", "zhangsan"), ("password", PASSWORD)];
        client.form(&format!("/oauth2/plain/{id}/sign-in"), &form).await.page(403);
    }
    // A token of another request of the same browser, and of another browser.
    let second = client.come(&system.asks("openid")).await;
    decide(&client, (&second, &html), "deny").await.page(403);
    let stranger = app.client();
    let theirs = stranger.come(&system.asks("openid")).await;
    let foreign = page(&stranger, &theirs).await;
    decide(&client, (&id, &foreign), "deny").await.page(403);
    decide(&stranger, (&id, &html), "deny").await.page(403);
    fill_in(&client, (&id, &html), ("zhangsan", PASSWORD)).await.location();
    let html = page(&client, &id).await;
    let location = decide(&client, (&id, &html), "allow").await.location();
    assert!(parameter(&location, "code").is_some());
    // One that says where the request comes from without naming it.
    client.origin = mine;
    let request = |site: &'static str| {
        let path = format!("/oauth2/plain/{second}/decision");
        let body = format!("token={}&decision=deny", "0".repeat(64));
        let kind = "application/x-www-form-urlencoded";
        client
            .request(Method::POST, &path)
            .header("sec-fetch-site", site)
            .header("content-type", kind)
            .body(body)
    };
    client.send(request("cross-site")).await.page(403);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn garbage_is_answered_with_pages() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    let nobody = app.client();
    nobody.get("/oauth2/plain").await.page(404);
    nobody.get("/oauth2/plain/x").await.page(404);
    nobody.form("/oauth2/plain/x/decision", &[("decision", "allow")]).await.page(404);
    nobody.form("/oauth2/plain/x/sign-in", &[]).await.page(404);
    let id = client.come(&system.asks("openid")).await;
    let html = page(&client, &id).await;
    decide(&client, (&id, &html), "maybe").await.page(400);
    for path in ["sign-in", "decision"] {
        let path = format!("/oauth2/plain/{id}/{path}");
        let post = (Method::POST, path.as_str());
        client.raw(post.clone(), "application/json", b"{}".to_vec()).await.page(400);
        let form = "application/x-www-form-urlencoded";
        client.raw(post.clone(), form, b"token=1&token=2".to_vec()).await.page(400);
        client.raw(post.clone(), form, b"%ff%00=%zz&&=".to_vec()).await.page(403);
        client.raw(post, form, vec![b'x'; 100_000]).await.page(400);
    }
    assert_eq!(client.get("/oauth2/nothing").await.status, 404);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_other_ways_out_have_pages_too() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    join_as_unit(&client, &person("王小明"), "company").await;
    let id = client.come(&system.asks_with("openid unit", &[("ui_locales", "en")])).await;
    let html = page(&client, &id).await;
    assert!(
        html.contains("<html lang=\"en\">") && html.contains("once it has been approved"),
        "{html}"
    );
    // Allowing is not offered, and sends nowhere.
    assert!(!html.contains("value=\"allow\""));
    let answer = decide(&client, (&id, &html), "allow").await;
    assert_eq!(answer.location(), format!("/oauth2/plain/{id}"));
    // With another account.
    client.register(&person("张伟"), "zhangwei").await;
    let other = client.get(&format!("/oauth2/plain/{id}?account=other")).await.page(200);
    fill_in(&client, (&id, &other), ("zhangwei", PASSWORD)).await.location();
    let html = page(&client, &id).await;
    assert!(html.contains("zhangwei"), "{html}");
    let location = decide(&client, (&id, &html), "deny").await.location();
    assert_eq!(parameter(&location, "error").as_deref(), Some("access_denied"));
    // The password again.
    app.pass(5);
    let change = [("prompt", "login"), ("login_hint", "zhang\"wei")];
    let id = client.come(&system.asks_with("openid", &change)).await;
    let html = page(&client, &id).await;
    assert!(html.contains("该系统要求您再次输入密码") && html.contains("value=\"zhang&#34;wei\""));
    assert_eq!(count!(app, grants), 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_stylesheet_is_ours() {
    let app = TestApp::start();
    let answer = app.client().get("/oauth2/plain.css").await;
    answer.ok_status(200);
    assert_eq!(answer.header("content-type"), "text/css; charset=utf-8");
    assert!(!answer.text().contains("url("));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_app_is_led_back_by_its_own_scheme() {
    let app = TestApp::start();
    let change = json!({
        "redirect_uris": ["com.example.app:/cb"], "token_endpoint_auth_method": "none",
    });
    let system = System::register(&app, change).await;
    let client = app.client();
    let asked = system.asks_with("openid", &[("redirect_uri", "com.example.app:/cb")]);
    let id = client.come(&asked).await;
    let answer = client.get(&format!("/oauth2/plain/{id}")).await;
    let html = answer.page(200);
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("form-action 'self' com.example.app:;"), "{policy}");
    let location = decide(&client, (&id, &html), "deny").await.location();
    assert!(location.starts_with("com.example.app:/cb?error=access_denied"), "{location}");
}

/// Every page that is not the client's: sign-in, consent, sign-out, and what is
/// said to people who cannot be sent back.
async fn pages(client: &Client<'_>, system: &System, language: &str) -> Vec<String> {
    let lang = format!("lang={language}");
    let id = client.come(&system.asks("openid phone")).await;
    let mut pages = Vec::new();
    for (path, status) in [
        (format!("/oauth2/plain/{id}?{lang}"), 200),
        (format!("/oauth2/plain/{id}?account=other&{lang}"), 200),
        (format!("/oauth2/plain/{}?{lang}", "0".repeat(64)), 404),
        (format!("/oauth2/authorize?{lang}"), 400),
        (format!("/oauth2/logout?{lang}"), 200),
    ] {
        pages.push(client.get(&path).await.page(status));
    }
    pages
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn every_page_says_that_the_sandbox_is_on() {
    let zh = "<strong>沙盒环境</strong> 银行核验和短信都是模拟的，请勿填写真实个人信息。";
    let en = "<strong>Sandbox</strong> Bank checks and messages are simulated. Do not enter real \
              personal data.";
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    client.register(&person("王小明"), "zhangsan").await;
    for (language, banner) in [("zh-CN", zh), ("en", en)] {
        for html in pages(&client, &system, language).await {
            assert!(html.contains(banner), "{html}");
        }
    }
}
