//! Contexts of tokens. In each text, `¤` is the token, `¢` is another token of the same shape, and `NAME` is a name.
//! `#` is the length of the token as a byte, and `@` is twice the length plus 13. A character from U+F700 to U+F7FF is
//! the byte with its low eight bits.

/// The extension of the file that other scanners get, and the text.
pub struct Context {
    pub ending: &'static str,
    pub text: &'static str,
}

const fn context(ending: &'static str, text: &'static str) -> Context {
    Context { ending, text }
}

pub const CONTEXTS: &[Context] = &[
    // Alone, at the start and end of a file, and with other line ends.
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
    // URLs and headers.
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

/// Requests to the API of Attio. `NAME` is the authorization scheme.
pub const REQUESTS: &[Context] = &[
    context("sh", "curl -H \"Authorization: NAME ¤\" https://api.attio.com/v2/self\n"),
    context("sh", "curl https://api.attio.com/v2/self \\\n  --header 'Authorization: NAME ¤'\n"),
    context("http", "GET /v2/self HTTP/1.1\r\nHost: api.attio.com\r\nAuthorization: NAME ¤\r\n\r\n"),
    context("js", "fetch(\"https://api.attio.com/v2/self\", { headers: { Authorization: `NAME ¤` } });\n"),
    context("py", "requests.get('https://api.attio.com/v2/self', headers={'Authorization': 'NAME ¤'})\n"),
    context("json", "{\"url\":\"https://api.attio.com/v2/self\",\"headers\":{\"Authorization\":\"NAME ¤\"}}\n"),
    context("yaml", "url: https://api.attio.com/v2/self\nheaders:\n  authorization: NAME ¤\n"),
];

/// A generic name, with the address of Attio a few lines above or below.
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

/// Text that is not a word before a prefix that is more specific than `sk_`.
pub const ADJACENT: &[Context] = &[
    context("md", "Use _¤_ for it.\n"),
    context("md", "Use __¤__, not __¢__.\n"),
    context("md", "It is (_¤_).\n"),
    context("md", "_¤_\n"),
    context("md", "The key is _¤_.\n"),
    context("txt", "uploads/name_¤.txt\n"),
    context("txt", "stripe_¤\n"),
    context("py", "{'backup_¤': 1}\n"),
    // キー： in Shift-JIS, whose last byte is F, and 「, whose last byte is u.
    context("txt", "\u{f783}L\u{f781}[\u{f781}F¤\n"),
    context("txt", "\u{f781}u¤\u{f781}v\n"),
    // 金鑰： in Big5, whose last byte is G.
    context("txt", "\u{f7aa}\u{f7f7}\u{f7c6}_\u{f7a1}G¤\n"),
    context("py", "Vkey\np0\nV¤\np1\ns."),
];

/// Serialized tokens: the length before the token, and the next field immediately after it.
pub const LENGTH_PREFIXED: &[Context] = &[
    // Marshal in a .pyc: the string is followed by a reference, a name, None or a tuple.
    context("pyc", "\u{f7fa}#¤\u{f7fa}\u{f707}API_KEY\u{f7a9}\u{f700}"),
    context("pyc", "N)\u{f702}z#¤r\u{f705}\u{f700}\u{f700}\u{f700}"),
    context("pyc", "\u{f7e9}\u{f700}\u{f700}\u{f700}\u{f700}z#¤N)\u{f701}\u{f7da}\u{f707}API_KEY"),
    context("pyc", "s#\u{f700}\u{f700}\u{f700}¤c\u{f700}\u{f700}\u{f700}\u{f700}"),
    // Protobuf: a field of bytes, followed by a number.
    context("bin", "\u{f70a}#¤\u{f710}\u{f701}"),
    context("bin", "\u{f708}\u{f701}\u{f712}#¤"),
    context("bin", "\u{f708}\u{f701}\u{f712}#¤\"\u{f703}abc"),
    context("bin", "\u{f708}\u{f701}\u{f712}#¤2\u{f703}abc"),
    // MessagePack and CBOR with a length of one byte.
    context("bin", "\u{f781}\u{f7a3}key\u{f7d9}#¤"),
    context("bin", "\u{f7a1}ckeyx#¤"),
    // A SQLite record: header, id, text.
    context("db", "\u{f700}\u{f702}\u{f703}\u{f700}@¤"),
    context("db", "\u{f72f}\u{f701}\u{f703}\u{f700}@¤5\u{f702}\u{f703}\u{f700}\u{f71d}"),
    // Lengths of 16 and 32 bits, big-endian.
    context("bin", "\u{f700}#¤\u{f700}\u{f703}abc"),
    context("bin", "\u{f700}\u{f700}\u{f700}#¤"),
];

/// Returns the offset of the token and the text.
pub fn fill(context: &Context, name: &str, token: &str, other: &str) -> (usize, Vec<u8>) {
    let (mut text, mut at) = (Vec::new(), 0);
    for letter in context.text.replace("NAME", name).chars() {
        match letter {
            '¤' => {
                at = text.len();
                text.extend(token.bytes());
            }
            '¢' => text.extend(other.bytes()),
            '#' if context.is_length_prefixed() => text.extend(u8::try_from(token.len())),
            '@' if context.is_length_prefixed() => text.extend(varint(2 * token.len() + 13)),
            '\u{f700}'..='\u{f7ff}' => text.push(u32::from(letter).to_le_bytes()[0]),
            letter => text.extend(letter.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
    (at, text)
}

impl Context {
    fn is_length_prefixed(&self) -> bool {
        matches!(self.ending, "pyc" | "bin" | "db")
    }
}

/// Seven bits per byte, the highest first.
fn varint(number: usize) -> Vec<u8> {
    let byte = |bits: usize, more: u8| more | u8::try_from(bits & 0x7f).expect("seven bits");
    let first = (number > 0x7f).then(|| byte(number >> 7, 0x80));
    first.into_iter().chain([byte(number, 0)]).collect()
}
