//! The words of the pages without JavaScript, in both languages. They are those
//! of the web client where it has them.

use crate::{capabilities::clients::Item, tools::web::Language};

macro_rules! words {
    ($($name:ident: $zh:literal, $en:literal;)+) => {
        /// Every text of the pages.
        #[derive(Debug)]
        pub struct Words { $(#[doc = $en] pub $name: &'static str,)+ }

        static ZH_CN: Words = Words { $($name: $zh,)+ };
        static EN: Words = Words { $($name: $en,)+ };
    };
}

words! {
    tag: "zh-CN", "en";
    other_tag: "en", "zh-CN";
    other_name: "English", "中文";
    product: "实名 统一用户平台", "Shiming real-name accounts";
    sandbox: "沙盒环境", "Sandbox";
    sandbox_means: "银行核验和短信都是模拟的，请勿填写真实个人信息。", "Bank checks and messages are simulated. Do not enter real personal data.";
    for_client: "您正在登录：", "You are logging in to ";
    run_by: "运营单位：", "Run by: ";
    name_open: "（", " (";
    name_close: "）", ")";
    there_is_a_problem: "填写的内容有问题", "There is a problem";
    sign_in: "登录", "Log in";
    username: "用户名", "Username";
    username_required: "请输入用户名", "Enter your username";
    password: "密码", "Password";
    password_required: "请输入密码", "Enter your password";
    captcha: "验证码", "Verification digits";
    captcha_image: "验证码图片，如看不清请听语音", "Picture of digits; listen to them if you cannot read it";
    captcha_audio: "听语音", "Listen";
    captcha_required: "请输入验证码", "Enter the verification digits";
    captcha_wrong: "验证码不正确，已换一张，请重新输入", "The digits were not right; enter the new ones";
    captcha_expired: "验证码已过期，已换一张，请重新输入", "The digits had expired; enter the new ones";
    seconds_open: "请等待", " Wait ";
    seconds_close: "秒。", " seconds.";
    needs_scripts: "注册账号、找回用户名和密码需要启用 JavaScript 的浏览器。", "Registering and recovering a username or password need a browser with JavaScript.";
    password_again: "该系统要求您再次输入密码。", "The system asks you to enter your password again.";
    select_account: "请登录您要使用的账号。", "Log in with the account that you want to use.";
    consent_title: "同意「{system}」使用您的以下信息吗？", "Let “{system}” use this information about you?";
    no_items_title: "用当前账号登录「{system}」吗？", "Log in to “{system}” with this account?";
    go_on_title: "继续登录", "Go on";
    signed_in_as: "当前登录的账号：", "You are logged in as ";
    sees: "「{system}」可以使用：", "“{system}” may use:";
    nothing: "「{system}」看不到您的个人信息，只会得到一个编号，用来认出您的账号。", "“{system}” sees nothing personal. It only gets a number by which it knows your account.";
    new: "（新增）", " (new)";
    remembered: "同意后，下次登录「{system}」不再询问。您可以随时在“用户信息维护”的“已授权的系统”中撤回。", "If you agree, “{system}” does not ask again. You can withdraw at any time: under “Maintain your information”, “Authorized systems”.";
    allow: "同意并登录", "Agree and log in";
    go_on: "继续", "Go on";
    deny: "拒绝", "Refuse";
    denied: "如果拒绝，将返回「{system}」，不会登录，也不会提供任何信息。", "If you refuse, you return to “{system}”, are not logged in there, and nothing is given to it.";
    back: "返回「{system}」", "Return to “{system}”";
    other_account: "换一个账号登录", "Use another account";
    refused_title: "暂时不能登录该系统", "You cannot log in to this system yet";
    unit_not_approved: "单位账号通过审核后才能登录业务系统。", "A unit can log in to business systems once it has been approved.";
    assurance_too_low: "该系统要求更高的实名认证等级。", "The system asks for a higher level of proof than your account has.";
    request_id: "请求编号：", "Request id: ";
    broken_title: "业务系统发来的登录请求有误", "The business system’s login request is not right";
    broken_client: "发起登录的系统未登记或已停用。请联系该系统的运营单位。", "The system that sent you here is unknown or disabled. Please tell those who run it.";
    broken_redirect_uri: "发起登录的系统使用了未登记的返回地址。为保护您的信息，登录已停止。请联系该系统的运营单位。", "The system that sent you here wants you sent back to an address that is not registered. To protect you, nothing was done. Please tell those who run it.";
    broken_malformed: "登录请求的格式不正确。请回到业务系统重新登录；如仍有问题，请联系该系统的运营单位。", "The login request is not well formed. Go back to the system and log in again; if this page comes again, tell those who run it.";
    broken_pushed: "登录请求已过期或已使用。请回到业务系统，重新点击登录。", "This login request has expired or was used. Go back to the system and log in there again.";
    sign_out_title: "退出登录？", "Log out?";
    sign_out_asked: "请求退出登录的系统：", "You are asked by ";
    sign_out_means: "您将退出本账号，使用本账号登录的系统也会收到退出通知。", "You will be logged out here, and the systems that you logged in to with this account are told.";
    sign_out: "退出登录", "Log out";
    stay: "保持登录", "Stay logged in";
    signed_out_title: "已退出登录", "You have logged out";
    signed_out: "您可以关闭此页面。", "You can close this page.";
    stayed_title: "您仍处于登录状态", "You are still logged in";
    stayed: "没有退出登录。您可以关闭此页面。", "You were not logged out. You can close this page.";
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
        Item::DocumentType => ("证件类型", "Document type"),
        Item::DocumentNumber => ("证件号码（完整）", "Document number (in full)"),
        Item::DocumentNumberMasked => {
            ("证件号码（隐藏中间部分）", "Document number (middle part hidden)")
        }
        Item::Gender => ("性别", "Sex"),
        Item::BirthDate => ("出生日期", "Date of birth"),
        Item::Verification => (
            "实名认证的方式、时间和等级",
            "How, when and at what level your identity was confirmed",
        ),
        Item::Unit => (
            "单位信息：单位名称、统一社会信用代码、法定代表人（仅单位用户）",
            "The unit: its name, unified social credit code and legal representative (units only)",
        ),
        Item::OfflineAccess => (
            "您没有在使用该系统时，它也可以读取以上信息，直到您撤回授权",
            "It may also read the above while you are not using it, until you withdraw",
        ),
    };
    match language {
        Language::ZhCn => zh,
        Language::En => en,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Item, Words, item};
    use crate::tools::web::Language;

    const CLIENT: [(Language, &str, &str, &str); 2] = [
        (
            Language::ZhCn,
            include_str!("../../../../../frontend/src/i18n/locales/zh-CN/items.json"),
            include_str!("../../../../../frontend/src/i18n/locales/zh-CN/authorize.json"),
            include_str!("../../../../../frontend/src/i18n/locales/zh-CN/core.json"),
        ),
        (
            Language::En,
            include_str!("../../../../../frontend/src/i18n/locales/en/items.json"),
            include_str!("../../../../../frontend/src/i18n/locales/en/authorize.json"),
            include_str!("../../../../../frontend/src/i18n/locales/en/core.json"),
        ),
    ];

    const ITEMS: [Item; 12] = [
        Item::Username,
        Item::UserType,
        Item::Phone,
        Item::Name,
        Item::DocumentType,
        Item::DocumentNumber,
        Item::DocumentNumberMasked,
        Item::Gender,
        Item::BirthDate,
        Item::Verification,
        Item::Unit,
        Item::OfflineAccess,
    ];

    #[test]
    fn what_people_agree_to_is_called_as_in_the_client() {
        for (language, items, authorize, core) in CLIENT {
            let items: Value = serde_json::from_str(items).expect("JSON");
            for known in ITEMS {
                let name = json!(known);
                let text = &items[name.as_str().expect("a name")];
                assert_eq!(item(known, language), text.as_str().expect("a text"), "{name}");
            }
            let core: Value = serde_json::from_str(core).expect("JSON");
            let authorize: Value = serde_json::from_str(authorize).expect("JSON");
            let words = Words::of(language);
            assert_eq!(words.product, core["product"]);
            assert_eq!(words.sandbox, core["sandbox"]["name"]);
            assert_eq!(words.sandbox_means, core["sandbox"]["text"]);
            assert_eq!(words.back, authorize["back"]);
            for (text, name) in [
                (words.consent_title, "title"),
                (words.no_items_title, "no_items"),
                (words.sees, "items"),
                (words.nothing, "nothing"),
                (words.remembered, "remembered"),
                (words.allow, "allow"),
                (words.deny, "deny"),
                (words.denied, "denied"),
            ] {
                assert_eq!(text, authorize["consent"][name], "{name}");
            }
        }
    }
}
