//! Where tokens stand: text with `¤` for the token, `¢` for another one of its shape, `NAME` for a name. `#` is the token's
//! length as a byte, `@` twice that and 13, and a character from U+F700 on is the byte with the rest of its number.

/// The ending of the file that a peer is given, and the text.
pub struct Context {
    pub ending: &'static str,
    pub text: &'static str,
}

const fn context(ending: &'static str, text: &'static str) -> Context {
    Context { ending, text }
}

pub const CONTEXTS: &[Context] = &[
    // Alone, at the ends of a file, and with the line ends of other systems.
    context("txt", "¤"),
    context("txt", "¤\n"),
    context("txt", "a first line\n¤"),
    context("txt", "NAME=¤\r\nNEXT=1\r\n"),
    // Code and its quotes.
    context("py", "NAME = \"¤\"\n"),
    context("py", "client = Client('¤')\n"),
    context("py", "NAME = '''¤'''\n"),
    context("py", "NAME = rb'¤'\n"),
    context("js", "const NAME = `¤`;\n"),
    context("js", "const c = new Client(\"¤\", { retries: 3 });\n"),
    context("js", "new C({NAME:\"¤\"}).then(r=>r.json()),f(0x1f),e.exports=a;var t=n(12);\n"),
    context("js", "!function(e,t){e.k='¤',t.q=1}(this,[]);\n"),
    context("rs", "const NAME: &str = r#\"¤\"#;\n"),
    context("go", "NAME := `¤`\n"),
    context("rb", "NAME = %q(¤)\n"),
    context("rb", "{ :key => '¤' }\n"),
    context("php", "<?php $key = array('k' => \"¤\");\n"),
    context("cs", "var key = @\"¤\";\n"),
    context("c", "setKey(¤);\n"),
    context("c", "call(0, ¤, 1);\n"),
    context("sql", "INSERT INTO keys VALUES (1, '¤', NULL);\n"),
    context("csv", "1,¤,2026-01-01\n"),
    context("csv", "7;¤;yes\n"),
    context("tsv", "1\t¤\tyes\n"),
    // Settings.
    context("env", "NAME=¤\n"),
    context("env", "export NAME=\"¤\" # a comment\n"),
    context("ini", "[main]\nNAME = ¤\n"),
    context("properties", "the.NAME: ¤\n"),
    context("toml", "NAME = '¤'\n"),
    context("yaml", "NAME: ¤\n"),
    context("yaml", "- name: NAME\n  value: ¤\n"),
    context("yaml", "keys: [¤]\n"),
    context("yaml", "text: |\n  NAME=¤\n  more\n"),
    context("json", "{\"NAME\": \"¤\"}\n"),
    context("json", "{\"a\":{\"NAME\":\"¤\",\"n\":1}}\n"),
    context("json", "[\"¤\",\"¢\"]\n"),
    context("json", "{\"body\":\"{\\\"NAME\\\":\\\"¤\\\"}\"}\n"),
    context("json", "{\"body\":\"line\\nNAME=¤\\nmore\"}\n"),
    context("json", "{\"body\":\"a\\t¤\\tb\"}\n"),
    context("json", "{\"body\":\"say \\u0022¤\\u0022\"}\n"),
    context("ipynb", "\"source\": [\"NAME = '¤'\\n\"]\n"),
    context("xml", "<add key=\"NAME\" value=\"¤\"/>\n"),
    context("xml", "<string>¤</string>\n"),
    context("xml", "<a b=\"{&quot;k&quot;:&quot;¤&quot;}\"/>\n"),
    context("html", "<script>init('¤')</script>\n"),
    context("tf", "variable \"k\" { default = \"¤\" }\n"),
    // Addresses and headers.
    context("txt", "https://example.com/v1?key=¤\n"),
    context("txt", "https://example.com/v1?key=¤&page=2\n"),
    context("txt", "https://example.com/v1?page=2&key=¤#top\n"),
    context("txt", "https://example.com/v1?q=key%3D¤%26page%3D2\n"),
    context("txt", "https://¤:@api.example.com/v1\n"),
    context("txt", "https://user:¤@api.example.com/v1\n"),
    context("http", "GET / HTTP/1.1\r\nAuthorization: Bearer ¤\r\n\r\n"),
    context("http", "X-Api-Key: ¤\n"),
    context("http", "webhook-secret: v1,¤\n"),
    // Shells and logs.
    context("sh", "curl https://api.example.com -u ¤:\n"),
    context("sh", "curl -H \"Authorization: Bearer ¤\" https://api.example.com\n"),
    context("sh", "tool --key ¤ | tee out\n"),
    context("sh", "tool --key=¤;echo done\n"),
    context("sh", "K=${K:-¤}\n"),
    context("sh", "echo ¤>key.txt\n"),
    context("sh", "A=¤ B=¢ tool\n"),
    context("log", "2026-01-01T12:00:00Z INFO key=¤ status=200\n"),
    context("log", "[12:00:00] using <¤>\n"),
    context("log", "Key {id: 7, value: ¤}\n"),
    context("log", "\u{1b}[32m¤\u{1b}[0m ok\n"),
    context("diff", "+NAME=¤\n-NAME=¢\n"),
    // Prose.
    context("md", "Use `¤` for it.\n"),
    context("md", "| NAME | ¤ |\n|---|---|\n"),
    context("md", "See [¤](https://example.com), **¢**.\n"),
    context("md", "The key is ¤. Keep it.\n"),
    context("md", "Is it ¤? It is ¢!\n"),
    context("md", "(¤, ¢)\n"),
    context("txt", "“¤” and «¢»\n"),
    context("txt", "密钥：¤。\n"),
    context("txt", "clé¤é\n"),
    context("txt", "🔑¤🔑\n"),
    context("txt", "\u{a0}¤\u{a0}\n"),
];

/// Requests to Attio's API: here `NAME` is the scheme of the authorization.
pub const REQUESTS: &[Context] = &[
    context("sh", "curl -H \"Authorization: NAME ¤\" https://api.attio.com/v2/self\n"),
    context("sh", "curl https://api.attio.com/v2/self \\\n  --header 'Authorization: NAME ¤'\n"),
    context("http", "GET /v2/self HTTP/1.1\r\nHost: api.attio.com\r\nAuthorization: NAME ¤\r\n\r\n"),
    context("js", "fetch(\"https://api.attio.com/v2/self\", { headers: { Authorization: `NAME ¤` } });\n"),
    context("py", "requests.get('https://api.attio.com/v2/self', headers={'Authorization': 'NAME ¤'})\n"),
    context("json", "{\"url\":\"https://api.attio.com/v2/self\",\"headers\":{\"Authorization\":\"NAME ¤\"}}\n"),
    context("yaml", "url: https://api.attio.com/v2/self\nheaders:\n  authorization: NAME ¤\n"),
];

/// A name that says nothing, and Attio's address a few lines above or below.
pub const NEAR_ATTIO: &[Context] = &[
    context("py", "NAME = \"¤\"\nBASE_URL = \"https://api.attio.com/v2\"\n"),
    context("py", "NAME = '¤'\n\ndef people():\n    return get(\"https://api.attio.com/v2/objects/people\", NAME)\n"),
    context("py", "BASE_URL = \"https://api.attio.com/v2\"\nTIMEOUT = 30\nNAME = \"¤\"\n"),
    context("env", "NAME=¤\nCRM_URL=https://api.attio.com\n"),
    context("env", "CRM_URL=https://api.attio.com\nNAME=¤\n"),
    context("js", "const NAME=\"¤\";\nconst c = axios.create({ baseURL: \"https://api.attio.com/v2\" });\n"),
    context("ts", "const NAME: string = '¤';\nexport const URL = 'https://api.attio.com/v2';\n"),
    context("json", "{\"NAME\":\"¤\",\"baseUrl\":\"https://api.attio.com/v2\"}\n"),
    context("yaml", "crm:\n  NAME: ¤\n  url: https://api.attio.com/v2\n"),
    context("sh", "NAME='¤'\n\n# Everyone whom sales knows.\ncurl https://api.attio.com/v2/objects/people \\\n"),
];

/// What is no word stands in front of a prefix that says more than `sk_`.
pub const BESIDE: &[Context] = &[
    context("md", "Use _¤_ for it.\n"),
    context("md", "Use __¤__, not __¢__.\n"),
    context("md", "It is (_¤_).\n"),
    context("md", "_¤_\n"),
    context("md", "The key is _¤_.\n"),
    context("txt", "uploads/name_¤.txt\n"),
    context("txt", "stripe_¤\n"),
    context("py", "{'backup_¤': 1}\n"),
    // キー： in Shift-JIS, whose colon ends in F, and 「 in it, which ends in u.
    context("txt", "\u{f783}L\u{f781}[\u{f781}F¤\n"),
    context("txt", "\u{f781}u¤\u{f781}v\n"),
    // 金鑰： in Big5, whose colon ends in G.
    context("txt", "\u{f7aa}\u{f7f7}\u{f7c6}_\u{f7a1}G¤\n"),
    context("py", "Vkey\np0\nV¤\np1\ns."),
];

/// As serializers write a token: its length in front, and what comes next at once behind it.
pub const COUNTED: &[Context] = &[
    // Marshal, as a .pyc has it: behind the string a reference, a name, None, a tuple.
    context("pyc", "\u{f7fa}#¤\u{f7fa}\u{f707}API_KEY\u{f7a9}\u{f700}"),
    context("pyc", "N)\u{f702}z#¤r\u{f705}\u{f700}\u{f700}\u{f700}"),
    context("pyc", "\u{f7e9}\u{f700}\u{f700}\u{f700}\u{f700}z#¤N)\u{f701}\u{f7da}\u{f707}API_KEY"),
    context("pyc", "s#\u{f700}\u{f700}\u{f700}¤c\u{f700}\u{f700}\u{f700}\u{f700}"),
    // Protobuf: a field of bytes, and a number behind it.
    context("bin", "\u{f70a}#¤\u{f710}\u{f701}"),
    context("bin", "\u{f708}\u{f701}\u{f712}#¤"),
    context("bin", "\u{f708}\u{f701}\u{f712}#¤\"\u{f703}abc"),
    context("bin", "\u{f708}\u{f701}\u{f712}#¤2\u{f703}abc"),
    // MessagePack and CBOR with a length of one byte.
    context("bin", "\u{f781}\u{f7a3}key\u{f7d9}#¤"),
    context("bin", "\u{f7a1}ckeyx#¤"),
    // A record of SQLite: header, an id, a text.
    context("db", "\u{f700}\u{f702}\u{f703}\u{f700}@¤"),
    context("db", "\u{f72f}\u{f701}\u{f703}\u{f700}@¤5\u{f702}\u{f703}\u{f700}\u{f71d}"),
    // In 16 and 32 bits, the highest first.
    context("bin", "\u{f700}#¤\u{f700}\u{f703}abc"),
    context("bin", "\u{f700}\u{f700}\u{f700}#¤"),
];

/// The offset of the token in the filled-in text, and the text.
pub fn fill(context: &Context, name: &str, token: &str, other: &str) -> (usize, Vec<u8>) {
    let (mut text, mut at) = (Vec::new(), 0);
    for letter in context.text.replace("NAME", name).chars() {
        match letter {
            '¤' => {
                at = text.len();
                text.extend(token.bytes());
            }
            '¢' => text.extend(other.bytes()),
            '#' if context.is_counted() => text.extend(u8::try_from(token.len())),
            '@' if context.is_counted() => text.extend(varint(2 * token.len() + 13)),
            '\u{f700}'..='\u{f7ff}' => text.push(u32::from(letter).to_le_bytes()[0]),
            letter => text.extend(letter.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
    (at, text)
}

impl Context {
    fn is_counted(&self) -> bool {
        matches!(self.ending, "pyc" | "bin" | "db")
    }
}

/// Seven bits a byte, the highest first.
fn varint(number: usize) -> Vec<u8> {
    let byte = |bits: usize, more: u8| more | u8::try_from(bits & 0x7f).expect("seven bits");
    let first = (number > 0x7f).then(|| byte(number >> 7, 0x80));
    first.into_iter().chain([byte(number, 0)]).collect()
}
