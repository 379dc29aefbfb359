//! The one table of problem codes. It feeds the enum, the OpenAPI document
//! (hence the client's types) and the texts of `title` and `detail`.

use actix_web::http::StatusCode;

macro_rules! problem_codes {
    ($($(#[$doc:meta])* $variant:ident $code:literal $status:ident
        zh($zh:literal, $zh_detail:literal) en($en:literal, $en_detail:literal);)+) => {
        /// A stable name for what went wrong (RFC 9457 `type` ends with it).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
            utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum ProblemCode {
            $($(#[$doc])* $variant,)+
        }

        impl ProblemCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code as it stands in responses.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// The HTTP status that goes with it.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status),+ }
            }

            /// Title and detail in a language.
            pub const fn texts(self, language: super::Language) -> (&'static str, &'static str) {
                match (self, language) {
                    $((Self::$variant, super::Language::ZhCn) => ($zh, $zh_detail),
                      (Self::$variant, super::Language::En) => ($en, $en_detail),)+
                }
            }
        }
    };
}

problem_codes! {
    /// The body, path, query or a header cannot be read.
    MalformedRequest "malformed_request" BAD_REQUEST
        zh("请求格式不正确", "请检查请求的格式后重试。")
        en("The request cannot be read", "Check the form of the request and send it again.");
    /// At least one field must be corrected; `errors` says which and how.
    ValidationFailed "validation_failed" UNPROCESSABLE_ENTITY
        zh("填写的内容有误", "请按 errors 中的说明修改后重新提交。")
        en("Some fields need correcting", "Correct the fields named in errors and send the request again.");
    /// A cookie came with a request from another site.
    CrossSiteRequest "cross_site_request" FORBIDDEN
        zh("请求来源不受信任", "请在本站页面中操作；应用程序请使用令牌而不是 Cookie。")
        en("The request comes from another site", "Use this site's own pages; apps use tokens instead of cookies.");
    /// No session, or it has ended.
    NotSignedIn "not_signed_in" UNAUTHORIZED
        zh("尚未登录", "登录已过期或尚未登录，请登录后重试。")
        en("Not signed in", "Sign in and try again.");
    /// There is nothing at this address.
    NotFound "not_found" NOT_FOUND
        zh("找不到请求的内容", "请检查地址是否正确。")
        en("Nothing is here", "Check the address.");
    /// The address exists, but not for this method; `Allow` says for which.
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED
        zh("不支持该请求方法", "请使用 Allow 中列出的方法。")
        en("This method is not supported here", "Use one of the methods in Allow.");
    /// The body is larger than 64 KiB.
    PayloadTooLarge "payload_too_large" PAYLOAD_TOO_LARGE
        zh("请求内容过大", "请求内容不能超过 64 KiB。")
        en("The request is too large", "A request may hold 64 KiB.");
    /// Bodies are `application/json`.
    UnsupportedMediaType "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE
        zh("不支持的内容类型", "请使用 Content-Type: application/json。")
        en("This content type is not supported", "Send Content-Type: application/json.");
    /// The same request is still being worked on.
    RequestInProgress "request_in_progress" CONFLICT
        zh("相同的请求正在处理", "请稍候几秒再试，已填写的内容不会丢失。")
        en("The same request is still running", "Wait a few seconds and try again; nothing is lost.");
    /// This `Idempotency-Key` came with another request before.
    IdempotencyKeyReused "idempotency_key_reused" UNPROCESSABLE_ENTITY
        zh("Idempotency-Key 已用于其他请求", "每个新的操作请使用新的 Idempotency-Key。")
        en("The Idempotency-Key belongs to another request", "Use a new key for each new action.");
    /// `Idempotency-Key` must be 16 to 128 visible ASCII characters.
    IdempotencyKeyInvalid "idempotency_key_invalid" BAD_REQUEST
        zh("Idempotency-Key 格式不正确", "请使用 16 至 128 个可见 ASCII 字符。")
        en("The Idempotency-Key is malformed", "Use 16 to 128 visible ASCII characters.");
    /// The flow is unknown, expired or somebody else's.
    FlowNotFound "flow_not_found" NOT_FOUND
        zh("办理已过期或不存在", "为保护您的信息，长时间未操作的办理已清除，请重新开始。")
        en("This application has expired or does not exist", "To protect your data, what is left alone is erased. Please start again.");
    /// The flow is at another step; `stage` says at which.
    StageConflict "stage_conflict" CONFLICT
        zh("当前步骤不允许此操作", "请按 stage 所示的步骤继续。")
        en("The flow is at another step", "Go on with the step named in stage.");
    /// The document has an account.
    DocumentInUse "document_in_use" CONFLICT
        zh("证件已被使用", "该证件已注册过账号。若忘记用户名，请通过“忘记用户名？”找回。")
        en("This document is already in use", "An account exists for it. If you forgot the username, recover it with “Forgot username?”.");
    /// Somebody registered the username first; choose another, nothing else is lost.
    UsernameTaken "username_taken" CONFLICT
        zh("用户名已被使用", "请换一个用户名，其他已填写的内容不会丢失。")
        en("The username is taken", "Choose another one; nothing else is lost.");
    /// Too many different documents in one draft.
    DocumentAttemptsExceeded "document_attempts_exceeded" TOO_MANY_REQUESTS
        zh("尝试的证件过多", "本次注册填写的不同证件号过多，请重新开始注册。")
        en("Too many documents were tried", "This registration has taken as many different document numbers as it may. Please start again.");
    /// The bank holds something else; which element is not said.
    BankMismatch "bank_mismatch" UNPROCESSABLE_ENTITY
        zh("人员姓名或证件名或证件号与银行登记不匹配", "请核对填写的信息；若无误，请更换银行卡或到银行核实、变更预留信息后再试。")
        en("Name, document type or number do not match the bank's records", "Check what you entered; if it is right, use another card or ask the bank to correct its records.");
    /// A known credit, semi-credit or prepaid card; `card_kind` says which.
    CardKindNotAccepted "card_kind_not_accepted" UNPROCESSABLE_ENTITY
        zh("只能使用借记卡或金融社保卡", "您填写的不是借记卡，请更换。没有进行银行核验，不占用次数。")
        en("Only debit and financial social-security cards are accepted", "This is not a debit card. No check was made and no attempt was used.");
    /// The card number belongs to another bank; `bank_code` says which.
    CardBankMismatch "card_bank_mismatch" UNPROCESSABLE_ENTITY
        zh("银行账号不属于所选银行", "请检查所选银行和银行账号。没有进行银行核验，不占用次数。")
        en("The card belongs to another bank", "Check bank and card number. No check was made and no attempt was used.");
    /// Lost, expired, restricted or not enabled for checks.
    CardUnusable "card_unusable" UNPROCESSABLE_ENTITY
        zh("该银行卡无法用于核验", "银行卡可能已挂失、过期、受限或未开通核验，请更换银行卡或咨询发卡银行。")
        en("This card cannot be used for the check", "It may be lost, expired, restricted or not enabled. Use another card or ask the bank.");
    /// The issuer does not take part.
    IssuerUnsupported "issuer_unsupported" UNPROCESSABLE_ENTITY
        zh("发卡银行不支持核验", "请更换其他银行的借记卡。")
        en("The issuing bank does not support the check", "Use a debit card of another bank.");
    /// The bank cannot check this kind of document.
    DocumentUnsupportedByBank "document_unsupported_by_bank" UNPROCESSABLE_ENTITY
        zh("银行不支持核验该类证件", "请更换其他银行的借记卡，或联系我们人工办理。")
        en("The bank cannot check this kind of document", "Use a card of another bank, or contact us.");
    /// The bank holds no phone for the card.
    PhoneNotReserved "phone_not_reserved" UNPROCESSABLE_ENTITY
        zh("该银行卡没有预留手机号码", "请先到银行预留手机号码，或更换银行卡。")
        en("The bank holds no phone number for this card", "Ask the bank to record your phone, or use another card.");
    /// The provider takes no name of this length; it is never cut.
    NameTooLongForBank "name_too_long_for_bank" UNPROCESSABLE_ENTITY
        zh("姓名超出银行核验支持的长度", "请更换其他银行的借记卡，或联系我们人工办理。")
        en("The name is longer than the bank check takes", "Use a card of another bank, or contact us.");
    /// The bank did not answer. Nothing was used up.
    BankUnavailable "bank_unavailable" SERVICE_UNAVAILABLE
        zh("银行核验暂时无法使用", "银行系统没有响应。已填写的内容已保留，本次不占用核验次数，请稍后重试。")
        en("The bank check is not available now", "The bank did not answer. Everything is kept and no attempt was used; try again in a moment.");
    /// The limit of bank checks; `scope` and `retry_after_seconds` say which and how long.
    BankAttemptsExceeded "bank_attempts_exceeded" TOO_MANY_REQUESTS
        zh("银行核验次数已用完", "请明天再试，或更换银行卡。")
        en("No bank checks are left", "Try again tomorrow, or use another card.");
    /// The limit of messages; `scope` and `retry_after_seconds` say which and how long.
    SmsLimitExceeded "sms_limit_exceeded" TOO_MANY_REQUESTS
        zh("短信发送次数过多", "请稍后再试。")
        en("Too many messages were sent", "Try again later.");
    /// Some time must pass between two messages; `retry_after_seconds` says how much.
    SmsResendTooSoon "sms_resend_too_soon" TOO_MANY_REQUESTS
        zh("短信发送过于频繁", "请等倒计时结束后再重新发送。")
        en("It is too soon for another message", "Wait for the countdown, then send again.");
    /// Not the code that was sent; `attempts_left` says how many tries remain.
    CodeWrong "code_wrong" UNPROCESSABLE_ENTITY
        zh("动态验证码不正确", "请核对短信中的验证码后重新输入。")
        en("The code is not right", "Check the code in the message and enter it again.");
    /// The code's time is over.
    CodeExpired "code_expired" UNPROCESSABLE_ENTITY
        zh("动态验证码已过期", "请重新发送短信验证码。")
        en("The code has expired", "Send a new code.");
    /// Too many wrong tries, or a newer code was sent.
    CodeDead "code_dead" UNPROCESSABLE_ENTITY
        zh("动态验证码已失效", "输入错误次数过多，请重新发送短信验证码。")
        en("The code is no longer valid", "It was entered wrongly too often. Send a new code.");
    /// Unknown username or wrong password; which one is not said.
    LoginFailed "login_failed" UNAUTHORIZED
        zh("用户名或密码不正确", "请检查后重新输入。忘记时可以找回用户名或密码。")
        en("Username or password is not right", "Check both and try again, or recover them.");
    /// Too many wrong passwords; `retry_after_seconds` says how long.
    LoginLocked "login_locked" TOO_MANY_REQUESTS
        zh("密码错误次数过多，已暂时锁定", "请在锁定结束后再试，或通过“忘记密码？”重置密码。")
        en("Locked for a while after too many wrong passwords", "Wait until the lock ends, or reset the password.");
    /// The next try must wait a little; `retry_after_seconds` says how long.
    LoginTooSoon "login_too_soon" TOO_MANY_REQUESTS
        zh("尝试过于频繁", "请稍等几秒再试。")
        en("Too fast", "Wait a few seconds and try again.");
    /// The refresh token is unknown or has expired.
    RefreshTokenInvalid "refresh_token_invalid" UNAUTHORIZED
        zh("刷新令牌无效", "请重新登录。")
        en("The refresh token is not valid", "Sign in again.");
    /// The refresh token was used before: the session was ended for safety.
    RefreshTokenReused "refresh_token_reused" UNAUTHORIZED
        zh("刷新令牌被重复使用", "为保护账号，该会话已结束，请重新登录。")
        en("The refresh token was used twice", "To protect the account the session was ended. Sign in again.");
    /// The password was entered too long ago in this session for what is asked.
    PasswordNeeded "password_needed" FORBIDDEN
        zh("请再次输入密码", "距上次输入密码已超过规定时间，请再次输入密码后继续。")
        en("Enter the password again", "It was entered some time ago. Enter it again, then go on.");
    /// Not the password of the account that is signed in.
    PasswordWrong "password_wrong" UNPROCESSABLE_ENTITY
        zh("密码不正确", "请核对后重新输入。忘记时可以通过“忘记密码？”重置。")
        en("The password is not right", "Check it and enter it again, or reset it.");
    /// The values are those the account has already.
    NothingChanged "nothing_changed" UNPROCESSABLE_ENTITY
        zh("没有需要修改的内容", "填写的内容与现有信息相同，请填写需要修改的内容。")
        en("Nothing is different", "The account holds these values already. Enter what is to be changed.");
    /// Phone and bank cannot be changed yet; `held_until` says until when.
    ChangesHeld "changes_held" CONFLICT
        zh("暂时不能修改手机号码和银行信息", "密码刚通过密保问题重置，为保护账号，请在 held_until 之后再修改。")
        en("Phone and bank cannot be changed yet", "The password was reset with security questions. To protect the account, changes wait until held_until.");
    /// The unit's credit code has an account.
    CreditCodeInUse "credit_code_in_use" CONFLICT
        zh("统一社会信用代码已被使用", "该单位已注册过账号。若忘记用户名，请通过“忘记用户名？”找回。")
        en("This credit code is already in use", "An account exists for the unit. If you forgot the username, recover it with “Forgot username?”.");
    /// This installation has no security questions.
    SecurityQuestionsOff "security_questions_off" CONFLICT
        zh("密保问题未启用", "本系统没有启用密保问题。")
        en("Security questions are off", "This service does not use security questions.");
    /// No usable questions; the same for a username that nobody has.
    SecurityQuestionsNotSet "security_questions_not_set" CONFLICT
        zh("未设置密保，不能通过密保问题找回密码", "请使用“证件号码+手机验证码”找回密码。")
        en("No security questions are set, so they cannot recover the password", "Use document number and SMS code instead.");
    /// At least one answer is not right; which one is not said.
    AnswersWrong "answers_wrong" UNPROCESSABLE_ENTITY
        zh("密保问题答案不正确", "请核对三个答案后重新输入。")
        en("The answers are not right", "Check all three answers and enter them again.");
    /// The code is wrong, or document or phone are not those of the account;
    /// which is not said.
    RecoveryCodeWrong "recovery_code_wrong" UNPROCESSABLE_ENTITY
        zh("动态验证不正确", "动态验证不正确，或证件、手机号码与注册时预留的不一致，请重新输入。")
        en("Not confirmed", "The code is not right, or document or phone are not those of the account. Check and enter them again.");
    /// The document that was proved is not the account's, or there is none.
    PhoneReplacementRefused "phone_replacement_refused" CONFLICT
        zh("不能更换手机号码", "核验的证件没有对应的账号，或与要找回的账号不一致。请核对后重新办理，或与我们联系。")
        en("The phone cannot be replaced", "No account belongs to this document, or it is not the account being recovered. Check and start again, or contact us.");
    /// The sign-in to a business system is unknown, over, or another browser's.
    AuthorizationNotFound "authorization_not_found" NOT_FOUND
        zh("登录请求已过期或不存在", "请回到您要使用的业务系统，重新点击登录。")
        en("This sign-in request has expired or does not exist", "Go back to the system you came from and choose sign in again.");
    /// The authorization is at another state; `state` says at which.
    AuthorizationConflict "authorization_conflict" CONFLICT
        zh("当前状态不允许此操作", "请按 state 所示的步骤继续。")
        en("The sign-in request is at another step", "Go on with what state says.");
    /// No valid access token of a client.
    TokenInvalid "token_invalid" UNAUTHORIZED
        zh("访问令牌无效", "请用客户端凭据重新获取访问令牌后重试。")
        en("The access token is not valid", "Get a new one with the client's credentials and try again.");
    /// The access token lacks a scope; `scope` says which.
    ScopeInsufficient "scope_insufficient" FORBIDDEN
        zh("访问令牌权限不足", "请获取包含 scope 所列权限的访问令牌；如客户端未获授权，请联系运营人员。")
        en("The access token lacks a scope", "Get a token with the scope named in scope; if the client may not have it, ask the operator.");
    /// The client is unknown.
    ClientNotFound "client_not_found" NOT_FOUND
        zh("客户端不存在", "请检查 client_id。")
        en("There is no such client", "Check the client_id.");
    /// None of the client's users has this subject.
    UserNotFound "user_not_found" NOT_FOUND
        zh("没有该用户", "该 sub 不是您的系统的用户，或用户已撤回授权。")
        en("There is no such user", "The subject is not one of your users, or consent was withdrawn.");
    /// The cursor is not one that we gave, or is too old.
    CursorInvalid "cursor_invalid" UNPROCESSABLE_ENTITY
        zh("游标无效", "请使用上一次响应中的 next_cursor；过期时请从头读取。")
        en("The cursor is not valid", "Use next_cursor of the answer before; if it is too old, start again.");
    /// There is no such webhook endpoint or delivery of the client.
    WebhookNotFound "webhook_not_found" NOT_FOUND
        zh("没有该回调地址或投递记录", "请检查编号。")
        en("There is no such webhook", "Check the id.");
    /// Too many requests of this kind; `retry_after_seconds` says how long.
    TooManyRequests "too_many_requests" TOO_MANY_REQUESTS
        zh("请求过于频繁", "请稍后再试。")
        en("Too many requests", "Try again later.");
    /// The service is at its limit; `Retry-After` says when to come back.
    Overloaded "overloaded" SERVICE_UNAVAILABLE
        zh("系统繁忙", "当前使用人数较多，已填写的内容不会丢失，请稍候再试。")
        en("The service is busy", "Many people are using it now. Nothing is lost; try again in a moment.");
    /// The sandbox is off.
    SandboxOnly "sandbox_only" NOT_FOUND
        zh("仅在沙盒环境可用", "此功能只在沙盒环境中提供。")
        en("Only in the sandbox", "This exists in the sandbox only.");
    /// Our fault; `request_id` finds it in the logs.
    Internal "internal" INTERNAL_SERVER_ERROR
        zh("系统出现问题", "请稍后再试；如仍有问题，请提供 request_id 与我们联系。")
        en("Something went wrong on our side", "Try again later; if it stays, contact us and give the request_id.");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_and_the_answers_name_a_code_alike() {
        for code in ProblemCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }
}
