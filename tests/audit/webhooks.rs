//! Handlers of webhooks: right ones, wrong ones, and ones that verify in a helper.

use crate::support::Repo;
use crate::{check, expect};

const CHECKS: [&str; 3] = ["webhook-compare", "webhook-raw", "webhook-replay"];

/// Expects these statuses of the three checks.
#[track_caller]
fn statuses(files: &[(&str, &str)], wanted: [&str; 3]) {
    let repo = Repo::new();
    for (path, text) in files {
        repo.stage(path, text);
    }
    for (name, wanted) in CHECKS.into_iter().zip(wanted) {
        let check = check(&repo, name);
        assert_eq!(check["status"], wanted, "{}: {check:#}", files[0].0);
    }
}

const PASS: [&str; 3] = ["pass", "pass", "pass"];

#[test]
fn a_repository_without_webhooks_is_not_asked() {
    statuses(&[("src/a.ts", "export const a = 1\n")], ["not-applicable"; 3]);
    // Signing what is sent is no verification.
    let sender =
        "const sig = createHmac('sha256', s).update(JSON.stringify(body)).digest('hex')\nawait send(url, sig)\n";
    statuses(&[("src/send.ts", sender)], ["not-applicable"; 3]);
}

#[test]
fn libraries_of_vendors_verify() {
    for (path, text) in [
        (
            "app/api/webhooks/stripe/route.ts",
            "import Stripe from 'stripe'\nexport async function POST(req: Request) {\n  const body = await req.text()\n  \
             const event = stripe.webhooks.constructEvent(body, req.headers.get('stripe-signature')!, secret)\n}\n",
        ),
        (
            "app/api/webhooks/clerk/route.ts",
            "import { Webhook } from 'svix'\nexport async function POST(req: Request) {\n  const body = await req.text()\n  \
             const wh = new Webhook(secret)\n  wh.verify(body, headers)\n}\n",
        ),
        (
            "payments/views.py",
            "@csrf_exempt\ndef stripe_webhook(request):\n    sig = request.META['HTTP_STRIPE_SIGNATURE']\n    \
             event = stripe.Webhook.construct_event(request.body, sig, secret)\n",
        ),
        (
            "main.go",
            "func stripeWebhook(w http.ResponseWriter, r *http.Request) {\n\tbody, _ := io.ReadAll(r.Body)\n\t\
             event, err := webhook.ConstructEvent(body, r.Header.Get(\"Stripe-Signature\"), secret)\n}\n",
        ),
        (
            "app/controllers/stripe_webhooks_controller.rb",
            "class StripeWebhooksController < ApplicationController\n  def create\n    \
             event = Stripe::Webhook.construct_event(request.body.read, request.env['HTTP_STRIPE_SIGNATURE'], secret)\n  end\nend\n",
        ),
        (
            "webhook.php",
            "<?php\n$payload = file_get_contents('php://input');\n\
             $event = \\Stripe\\Webhook::constructEvent($payload, $_SERVER['HTTP_STRIPE_SIGNATURE'], $secret);\n",
        ),
        (
            "webhooks.py",
            "@app.post('/webhooks/resend')\nasync def hook(request: Request):\n    wh = Webhook(secret)\n    \
             wh.verify(await request.body(), request.headers['svix-signature'])\n",
        ),
    ] {
        statuses(&[(path, text)], PASS);
    }
}

/// A handler of Attio in each language, whose comparison is `COMPARE`.
const ATTIO: [(&str, &str, &str, &str); 5] = [
    (
        "app/api/webhooks/attio/route.ts",
        "export async function POST(req: Request) {\n  const raw = await req.text()\n  \
         const signature = req.headers.get('attio-signature') ?? ''\n  \
         const expected = crypto.createHmac('sha256', secret).update(raw).digest('hex')\n  if (COMPARE) return bad()\n  \
         if (await seen(req.headers.get('idempotency-key'))) return ok()\n}\n",
        "!crypto.timingSafeEqual(Buffer.from(expected), Buffer.from(signature))",
        "expected !== signature",
    ),
    (
        "hooks.py",
        "@app.post('/webhooks/attio')\nasync def attio(request):\n    raw = await request.body()\n    \
         signature = request.headers['attio-signature']\n    \
         expected = hmac.new(secret, raw, hashlib.sha256).hexdigest()\n    if COMPARE:\n        raise Bad()\n    \
         if seen(request.headers['Idempotency-Key']):\n        return\n",
        "not hmac.compare_digest(expected, signature)",
        "expected != signature",
    ),
    (
        "webhook.go",
        "func attioWebhook(w http.ResponseWriter, r *http.Request) {\n\tbody, _ := io.ReadAll(r.Body)\n\t\
         signature := r.Header.Get(\"Attio-Signature\")\n\tmac := hmac.New(sha256.New, secret)\n\tmac.Write(body)\n\t\
         expected := hex.EncodeToString(mac.Sum(nil))\n\tif COMPARE {\n\t\treturn\n\t}\n\t\
         if seen(r.Header.Get(\"Idempotency-Key\")) {\n\t\treturn\n\t}\n}\n",
        "!hmac.Equal([]byte(expected), []byte(signature))",
        "expected != signature",
    ),
    (
        "app/controllers/attio_webhooks_controller.rb",
        "class AttioWebhooksController < ApplicationController\n  def create\n    raw = request.body.read\n    \
         signature = request.headers['Attio-Signature']\n    \
         expected = OpenSSL::HMAC.hexdigest('SHA256', secret, raw)\n    return head :forbidden unless COMPARE\n    \
         return if Delivery.exists?(idempotency_key: request.headers['Idempotency-Key'])\n  end\nend\n",
        "ActiveSupport::SecurityUtils.secure_compare(expected, signature)",
        "expected == signature",
    ),
    (
        "attio_webhook.php",
        "<?php\n$raw = file_get_contents('php://input');\n$signature = $_SERVER['HTTP_ATTIO_SIGNATURE'];\n\
         $expected = hash_hmac('sha256', $raw, $secret);\nif (COMPARE) { exit; }\n\
         if (seen($_SERVER['HTTP_IDEMPOTENCY_KEY'])) { exit; }\n",
        "!hash_equals($expected, $signature)",
        "$expected !== $signature",
    ),
];

#[test]
fn a_digest_is_compared_in_constant_time() {
    for (path, text, right, wrong) in ATTIO {
        statuses(&[(path, &text.replace("COMPARE", right))], PASS);
        statuses(&[(path, &text.replace("COMPARE", wrong))], ["suspect", "pass", "pass"]);
    }
}

#[test]
fn lengths_and_presence_may_be_compared() {
    let (path, text, right, _) = ATTIO[0];
    for more in
        ["expected.length !== signature.length || ", "expected === undefined || ", "typeof expected !== 'string' || "]
    {
        statuses(&[(path, &text.replace("COMPARE", &format!("{more}{right}")))], PASS);
    }
}

#[test]
fn attio_needs_idempotency_and_no_timestamp() {
    for (path, text, right, _) in ATTIO {
        let text = text.replace("COMPARE", right);
        let lines: Vec<&str> = text.lines().filter(|line| !line.to_lowercase().contains("idempotency")).collect();
        statuses(&[(path, &lines.join("\n"))], ["pass", "pass", "suspect"]);
    }
    // The usual mistake: an HMAC over `timestamp.body`, which Attio never sends.
    let (path, text, right, _) = ATTIO[0];
    let text = text.replace("COMPARE", right).replace(".update(raw)", ".update(`${timestamp}.${raw}`)");
    statuses(&[(path, &text)], ["pass", "suspect", "pass"]);
}

#[test]
fn stripe_by_hand_must_check_the_time() {
    let text = "export async function POST(req: Request) {\n  const raw = await req.text()\n  \
                const { t: timestamp, v1 } = parse(req.headers.get('stripe-signature'))\n  \
                const expected = createHmac('sha256', secret).update(`${timestamp}.${raw}`).digest()\n  \
                if (!timingSafeEqual(expected, v1)) return bad()\n}\n";
    let path = "app/api/stripe/webhook/route.ts";
    statuses(&[(path, text)], ["pass", "pass", "suspect"]);
    let checked = text.replace("if (!timing", "if (Date.now() / 1000 - timestamp > 300) return bad()\n  if (!timing");
    statuses(&[(path, &checked)], PASS);
}

#[test]
fn a_body_is_not_serialized_again() {
    for (path, text) in [
        (
            "pages/api/webhooks/attio.ts",
            "export default async function handler(req, res) {\n  \
             const expected = createHmac('sha256', secret).update(JSON.stringify(req.body)).digest('hex')\n  \
             if (!timingSafeEqual(expected, req.headers['attio-signature'])) return\n  idempotency(req)\n}\n",
        ),
        (
            "app/api/webhooks/clerk/route.ts",
            "export async function POST(req) {\n  const payload = await req.json()\n  const body = JSON.stringify(payload)\n  \
             const wh = new Webhook(secret)\n  wh.verify(body, { 'svix-signature': a })\n}\n",
        ),
        (
            "hooks.py",
            "@app.post('/webhooks/attio')\ndef hook(request):\n    data = json.dumps(request.json)\n    \
             expected = hmac.new(secret, data.encode(), 'sha256').hexdigest()\n    \
             hmac.compare_digest(expected, request.headers['attio-signature'])\n    idempotency(request)\n",
        ),
        (
            "attio_webhook.php",
            "<?php\n$data = json_decode(file_get_contents('php://input'));\n\
             $expected = hash_hmac('sha256', json_encode($data), $secret);\n\
             hash_equals($expected, $_SERVER['HTTP_ATTIO_SIGNATURE']);\nidempotency($data);\n",
        ),
    ] {
        statuses(&[(path, text)], ["pass", "suspect", "pass"]);
    }
}

#[test]
fn a_handler_that_does_not_verify_is_suspect() {
    for (path, text) in [
        (
            "app/api/webhooks/stripe/route.ts",
            "export async function POST(req: Request) {\n  const event = await req.json()\n  await fulfill(event)\n}\n",
        ),
        ("hooks.py", "@app.route('/webhooks/attio', methods=['POST'])\ndef attio():\n    fulfill(request.json)\n"),
        (
            "app/controllers/stripe_webhooks_controller.rb",
            "class StripeWebhooksController < ApplicationController\n  def create\n    fulfill(params)\n  end\nend\n",
        ),
        ("stripe_webhook.php", "<?php\n$event = json_decode(file_get_contents('php://input'));\nfulfill($event);\n"),
        (
            "main.go",
            "func stripeWebhook(w http.ResponseWriter, r *http.Request) {\n\tjson.NewDecoder(r.Body).Decode(&event)\n}\n",
        ),
    ] {
        let repo = Repo::new();
        repo.stage(path, text);
        assert_eq!(check(&repo, "webhook-compare")["status"], "suspect", "{path}");
    }
}

#[test]
fn a_helper_one_import_away_is_read() {
    let helpers = [
        (
            (
                "app/api/webhooks/attio/route.ts",
                "import { verify } from '@/lib/attio'\nexport async function POST(req) {\n  verify(await req.text())\n  idempotency(req)\n}\n",
            ),
            (
                "src/lib/attio.ts",
                "export function verify(raw) {\n  const expected = createHmac('sha256', s).update(raw).digest()\n  return timingSafeEqual(expected, raw.sig)\n}\n",
            ),
            ("timingSafeEqual(expected, raw.sig)", "expected === raw.sig"),
        ),
        (
            (
                "app/hooks.py",
                "from .security import verify\n@app.post('/webhooks/attio')\ndef hook(request):\n    verify(request)\n    idempotency(request)\n",
            ),
            (
                "app/security.py",
                "def verify(request):\n    expected = hmac.new(secret, request.body, 'sha256').hexdigest()\n    return hmac.compare_digest(expected, request.sig)\n",
            ),
            ("hmac.compare_digest(expected, request.sig)", "expected == request.sig"),
        ),
        (
            (
                "attio.go",
                "package a\nfunc attioWebhook(w http.ResponseWriter, r *http.Request) {\n\tif !verify(r) { return }\n\tidempotency(r)\n}\n",
            ),
            (
                "verify.go",
                "package a\nfunc verify(r *http.Request) bool {\n\tmac := hmac.New(sha256.New, secret)\n\tmac.Write(body)\n\treturn hmac.Equal(mac.Sum(nil), sig)\n}\n",
            ),
            ("hmac.Equal(mac.Sum(nil), sig)", "bytes.Equal(mac.Sum(nil), sig)"),
        ),
        (
            (
                "app/controllers/attio_webhooks_controller.rb",
                "class AttioWebhooksController\n  def create\n    AttioSignature.verify(request)\n    idempotency(request)\n  end\nend\n",
            ),
            (
                "app/services/attio_signature.rb",
                "class AttioSignature\n  def self.verify(request)\n    expected = OpenSSL::HMAC.hexdigest('SHA256', secret, request.raw)\n    secure_compare(expected, request.sig)\n  end\nend\n",
            ),
            ("secure_compare(expected, request.sig)", "expected == request.sig"),
        ),
        (
            (
                "app/Http/AttioWebhookController.php",
                "<?php\nuse App\\Services\\AttioSignature;\nclass AttioWebhookController {\n  function handle($r) { AttioSignature::verify($r); idempotency($r); }\n}\n",
            ),
            (
                "app/Services/AttioSignature.php",
                "<?php\nclass AttioSignature {\n  static function verify($r) {\n    $expected = hash_hmac('sha256', $r->raw, $s);\n    return hash_equals($expected, $r->sig);\n  }\n}\n",
            ),
            ("hash_equals($expected, $r->sig)", "$expected === $r->sig"),
        ),
    ];
    for (handler, helper, (right, wrong)) in helpers {
        statuses(&[handler, helper], PASS);
        let wrong = helper.1.replace(right, wrong);
        statuses(&[handler, (helper.0, &wrong)], ["suspect", "pass", "pass"]);
        // The helper is somewhere else.
        let repo = Repo::new();
        repo.stage(handler.0, handler.1);
        assert_eq!(check(&repo, "webhook-compare")["status"], "unknown", "{}", handler.0);
    }
}

#[test]
fn a_function_that_returns_a_digest_is_followed() {
    let text = "function sign(body) {\n  return createHmac('sha256', secret).update(body).digest('hex')\n}\n\
                app.post('/webhooks/attio', (req, res) => {\n  idempotency(req)\n  \
                if (sign(req.rawBody) !== req.headers['attio-signature']) return\n})\n";
    let repo = Repo::new();
    repo.stage("server.js", text);
    expect(&repo, "webhook-compare", "suspect", &["server.js:6"]);
}

#[test]
fn tests_and_examples_in_comments_are_left_out() {
    let wrong = ATTIO[0].1.replace("COMPARE", ATTIO[0].3);
    statuses(&[("tests/webhooks/attio/route.ts", &wrong)], ["not-applicable"; 3]);
    statuses(&[("src/webhooks/attio.test.ts", &wrong)], ["not-applicable"; 3]);
    let comment = format!("// {}", wrong.replace('\n', "\n// "));
    statuses(&[(ATTIO[0].0, &comment)], ["not-applicable"; 3]);
}

#[test]
fn a_secret_in_a_log_is_suspect() {
    let repo = Repo::new();
    repo.stage("src/a.ts", "console.log('key is missing', !!process.env.ATTIO_API_KEY)\n");
    expect(&repo, "token-logged", "pass", &[]);
    repo.stage("src/b.ts", "\nconsole.log(`using ${process.env.ATTIO_API_KEY}`)\n");
    repo.stage("src/c.py", "key = os.environ['STRIPE_SECRET_KEY']\nlogger.info('using %s', key)\n");
    repo.stage("src/d.test.ts", "console.log(process.env.ATTIO_API_KEY)\n");
    expect(&repo, "token-logged", "suspect", &["src/b.ts:2", "src/c.py:2"]);
}
