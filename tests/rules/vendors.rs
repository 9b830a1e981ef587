//! The vendor of a token whose shape several vendors share. The adjacent text decides which advice is given.

use keysweep::detect::Detector;
use keysweep::rules::ALL;
use keysweep::rules::example::{Dice, expand};
use keysweep::rules::vendors::likely;

/// The rule of the first token in the expanded `template`, and its likely vendors.
fn found(template: &str, path: &str) -> (&'static str, Vec<&'static str>) {
    let text = expand(template, &mut Dice::new(7));
    let hits = Detector::new(ALL).find(text.as_bytes());
    assert!(!hits.is_empty(), "{template}");
    let vendors = likely(hits[0].rule.id, text.as_bytes(), &hits[0].span, path.as_bytes());
    (hits[0].rule.id, vendors.iter().map(|vendor| vendor.name).collect())
}

fn vendors(template: &str) -> Vec<&'static str> {
    found(template, "").1
}

#[test]
fn a_name_near_a_token_of_a_shared_shape_says_whose_it_probably_is() {
    for (template, vendor) in [
        ("payjp.api_key = 'sk_live_{hex:24}'", "PAY.JP"),
        ("Payjp\\Payjp::setApiKey('sk_test_{hex:24}');", "PAY.JP"),
        ("curl https://api.pay.jp/v1/charges -u sk_test_{hex:24}:", "PAY.JP"),
        ("SAFEPAY_SECRET=sk_live_{alnum:32}", "Safepay"),
        ("SAFEPAY_WEBHOOK=whsec_{hex:64}", "Safepay"),
        ("SARVAM_API_KEY=sk_{base36:8}_{alnum:24}", "Sarvam AI"),
        ("const sarvam = new SarvamAIClient({ apiSubscriptionKey: 'sk_{base36:8}_{alnum:24}' })", "Sarvam AI"),
        ("CULQI_PRIVATE_KEY=sk_test_{alnum:16}", "Culqi"),
        ("new Culqi.Culqi(array('api_key' => 'sk_live_{alnum:16}'))", "Culqi"),
        ("IEX_TOKEN=sk_{hex:32}", "IEX Cloud"),
        ("https://cloud.iexapis.com/stable/stock/aapl/quote?token=sk_{hex:32}", "IEX Cloud"),
        ("STRIPE_SECRET_KEY=sk_live_{alnum:24}", "Stripe"),
        ("CLERK_SECRET_KEY=sk_test_{alnum:42}", "Clerk"),
        ("RESEND_WEBHOOK_SECRET=whsec_{alnum:32}", "Resend"),
        ("openai.webhooks.unwrap(body, headers, 'whsec_{base64:32}')", "OpenAI"),
        ("KEY = 'sk_live_{alnum:24}'  # Moyasar, production", "Moyasar"),
        ("# The key of Culqi\nKEY=sk_live_{alnum:16}\n", "Culqi"),
        ("KEY=sk_live_{alnum:16}\nURL=https://api.culqi.com/v2\n", "Culqi"),
        // The line of the token takes precedence over adjacent lines.
        ("STRIPE_URL=https://api.stripe.com\nCULQI_KEY=sk_live_{alnum:16}\nCLERK_URL=x\n", "Culqi"),
    ] {
        assert_eq!(vendors(template), [vendor], "{template}");
    }
    assert_eq!(found("key = 'sk_live_{alnum:24}'", "src/payjp/client.rb").1, ["PAY.JP"]);
    assert_eq!(vendors("keys(['clerk', 'stripe'], 'sk_live_{alnum:24}')"), ["Stripe", "Clerk"]);
}

#[test]
fn without_a_name_no_vendor_is_guessed() {
    assert!(vendors("KEY=sk_live_{alnum:24}\n").is_empty());
    let far = format!("culqi{}\nKEY=sk_live_{{alnum:24}}\n", " ".repeat(400));
    assert!(vendors(&far).is_empty());
    // The shape identifies the vendor.
    assert!(vendors("# not stripe\nkey = 'sk_pr_default_{hex:40}'").is_empty());
    assert!(vendors("# not stripe\nATTIO_API_KEY=sk_{alnum:24}").is_empty());
}

#[test]
fn an_attio_name_counts_after_the_token_and_on_the_line_above() {
    for template in [
        // Both texts are in the guide that this tool is based on.
        "echo -n \"sk_prod_{alnum:24}\" | gcloud secrets create attio-api-key --data-file=-",
        "aws ssm put-parameter --name /app/attio-api-key \\\n--value \"sk_prod_{alnum:24}\" --type SecureString",
        "key = \"sk_{alnum:32}\"  # Attio\n",
        "# Attio\nAPI_KEY=sk_{alnum:32}\n",
        "attio:\n  key: sk_{alnum:32}\n",
        "client = Client(\"sk_live_{alnum:32}\", base_url=\"https://api.attio.com/v2\")",
        "\"name\": \"ATTIO_API_KEY\",\n\"value\": \"sk_dev_{alnum:32}\"",
    ] {
        assert_eq!(found(template, "").0, "attio-access-token", "{template}");
    }
    let webhook = "# The webhook of Attio\nSECRET=whsec_{alnum:32}\n";
    assert_eq!(found(webhook, "").0, "attio-webhook-secret");
}

#[test]
fn each_of_several_keys_has_its_own_name() {
    for (template, rule) in [
        ("ATTIO_URL=https://api.attio.com\nSTRIPE_SECRET_KEY=sk_live_{alnum:24}\n", "stripe-secret-key"),
        ("stripe: sk_live_{alnum:24}, attio: sk_prod_{alnum:24}", "stripe-secret-key"),
        ("KEY=sk_live_{alnum:24} ATTIO_KEY=sk_prod_{alnum:24}", "stripe-secret-key"),
        ("KEY=sk_live_{alnum:24}\nATTIO_URL=https://api.attio.com/\n", "stripe-secret-key"),
        ("# Attio\n\nKEY=sk_live_{alnum:24}\n", "stripe-secret-key"),
    ] {
        assert_eq!(found(template, "").0, rule, "{template}");
    }
    let second = expand("ATTIO_API_KEY=sk_{alnum:24}\nKEY=sk_live_{alnum:24}\n", &mut Dice::new(3));
    let ids: Vec<_> = Detector::new(ALL).find(second.as_bytes()).iter().map(|hit| hit.rule.id).collect();
    assert_eq!(ids, ["attio-access-token", "stripe-secret-key"]);
}
