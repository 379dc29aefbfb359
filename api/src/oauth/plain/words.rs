//! The words of the pages without JavaScript, in both languages. They are those
//! of the web client where it has them.

use crate::{clients::Item, web::Language};

macro_rules! words {
    ($($name:ident: $zh:literal, $en:literal;)+) => {
        /// Every text of the pages.
        #[derive(Debug)]
        pub struct Words { $(pub $name: &'static str,)+ }

        static ZH_CN: Words = Words { $($name: $zh,)+ };
        static EN: Words = Words { $($name: $en,)+ };
    };
}

words! {
    tag: "zh-CN", "en";
    other_tag: "en", "zh-CN";
    other_name: "English", "中文";
    product: "实名身份认证", "Shiming";
    for_client: "您正在登录：", "You are signing in to ";
    run_by_open: "（", " (";
    run_by_close: "）", ")";
    name_open: "（", " (";
    name_close: "）", ")";
    there_is_a_problem: "填写的内容有问题", "There is a problem";
    sign_in: "登录", "Sign in";
    username: "用户名", "Username";
    username_required: "请输入用户名", "Enter your username";
    password: "密码", "Password";
    password_required: "请输入密码", "Enter your password";
    captcha: "验证码", "Digits in the picture";
    captcha_image: "五位数字验证码图片，也可以收听语音", "Picture of five digits; you can listen to them, too";
    captcha_audio: "收听语音验证码", "Listen to the digits";
    captcha_required: "请输入验证码", "Enter the digits";
    captcha_wrong: "验证码不正确，请输入新的验证码", "These were not the digits; enter the new ones";
    captcha_expired: "验证码已过期，请输入新的验证码", "The digits have expired; enter the new ones";
    seconds_open: "请等待", " Wait ";
    seconds_close: "秒。", " seconds.";
    needs_scripts: "注册账号、找回用户名和密码需要启用 JavaScript 的浏览器。", "Registering and recovering a username or password need a browser with JavaScript.";
    password_again: "该系统要求您再次输入密码。", "The system asks you to enter your password again.";
    select_account: "请登录您要使用的账号。", "Sign in with the account that you want to use.";
    consent_title: "允许该系统使用您的信息？", "May this system use your data?";
    go_on_title: "继续登录", "Go on";
    signed_in_as: "已登录账号：", "Signed in as ";
    sees: "该系统将获得以下信息：", "The system will get:";
    nothing: "仅用于识别您的编号，不含个人信息", "A number by which it knows you again, and nothing about you";
    new: "（新增）", " (new)";
    withdraw: "同意后，您可以随时在账号的「已授权的系统」中撤回。", "You can withdraw this at any time under “Authorized systems” in your account.";
    allow: "同意并登录", "Allow and sign in";
    go_on: "继续", "Go on";
    deny: "不同意，返回该系统", "No, go back to the system";
    back: "返回该系统", "Go back to the system";
    other_account: "使用其他账号", "Use another account";
    refused_title: "暂时不能登录该系统", "You cannot sign in to this system yet";
    unit_not_approved: "单位账号通过审核后才能登录业务系统。", "A unit can sign in to business systems once it has been approved.";
    assurance_too_low: "该系统要求更高的实名认证等级。", "The system asks for a higher level of proof than your account has.";
    request_id: "请求编号：", "Request id: ";
    broken_title: "无法登录", "The sign-in cannot begin";
    broken_client: "发起登录的系统未登记或已停用。请联系该系统的运营单位。", "The system that sent you here is unknown or disabled. Please tell those who run it.";
    broken_redirect_uri: "发起登录的系统使用了未登记的返回地址。为保护您的信息，登录已停止。请联系该系统的运营单位。", "The system that sent you here wants you sent back to an address that is not registered. To protect you, nothing was done. Please tell those who run it.";
    broken_malformed: "登录请求的格式不正确。请回到业务系统重新登录；如仍有问题，请联系该系统的运营单位。", "The sign-in request cannot be read. Go back to the system and try again; if it stays, tell those who run it.";
    broken_pushed: "登录请求已过期或已使用。请回到业务系统，重新点击登录。", "This sign-in request has expired or was used already. Go back to the system and choose sign in again.";
    sign_out_title: "退出登录？", "Sign out?";
    sign_out_asked: "请求退出登录的系统：", "You are asked by ";
    sign_out_means: "您将退出本账号，使用本账号登录的系统也会收到退出通知。", "You will be signed out here, and the systems that you signed in to with this account are told.";
    sign_out: "退出登录", "Sign out";
    stay: "保持登录", "Stay signed in";
    signed_out_title: "已退出登录", "You are signed out";
    signed_out: "您可以关闭此页面。", "You can close this page.";
    stayed_title: "您仍处于登录状态", "You are still signed in";
    stayed: "没有退出登录。您可以关闭此页面。", "You were not signed out. You can close this page.";
}

impl Words {
    /// The words of a language.
    pub fn of(language: Language) -> &'static Self {
        match language {
            Language::ZhCn => &ZH_CN,
            Language::En => &EN,
        }
    }
}

/// What a client sees, in plain words.
pub fn item(item: Item, language: Language) -> &'static str {
    let (zh, en) = match item {
        Item::Username => ("用户名", "Username"),
        Item::UserType => ("用户类型（个人或单位）", "Kind of user (person or unit)"),
        Item::Phone => ("手机号码", "Mobile number"),
        Item::Name => ("姓名", "Name"),
        Item::DocumentType => ("证件类型", "Kind of document"),
        Item::DocumentNumber => ("完整的证件号码", "Whole document number"),
        Item::DocumentNumberMasked => ("部分隐藏的证件号码", "Document number, partly hidden"),
        Item::Gender => ("性别", "Sex"),
        Item::BirthDate => ("出生日期", "Date of birth"),
        Item::Verification => ("实名认证的方式和时间", "How and when your identity was verified"),
        Item::Unit => ("单位信息", "What your unit is"),
        Item::OfflineAccess => {
            ("您退出登录后仍可使用以上信息", "All this also after you have signed out")
        }
    };
    match language {
        Language::ZhCn => zh,
        Language::En => en,
    }
}
