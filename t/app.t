# The application's side from the outside in: its key, what else opens
# nothing, sizes, and lists cut into commands.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Billing ();
use FakeWorker;
use Test::Nginx::Socket 'no_plan';

our $dir = fixture();

our $KEY = 'app_key_of_a_test_0123456789abcdef';
our $NEXT = 'the_next_key_of_a_test_0123456789abcdef';

Billing::spew('next_key', "$NEXT\n");
Billing::spew('short_key', 'x' x 31);
Billing::spew('bad_hook', "whsec_short\n");

my @keys = ('"key_files": ["' . "$dir/application_key" . '"]');
Billing::conf_file('two.json',
    $keys[0] => qq("key_files": ["$dir/application_key", "$dir/next_key"]));
Billing::conf_file('none.json', $keys[0] => '"key_files": []');
Billing::conf_file('short.json', $keys[0] => qq("key_files": ["$dir/short_key"]));
Billing::conf_file('gone.json',
    $keys[0] => qq("key_files": ["$dir/application_key", "$dir/no_key"]));
Billing::conf_file('hook.json', '"webhooks": []' =>
    qq("webhooks": [{"url": "https://h.example.test/", "secret_files": ["$dir/bad_hook"]}]));

sub bearer { return "Authorization: Bearer $_[0]" }

sub with_key {
    return bearer($KEY) . "\nContent-Type: application/json";
}

sub configured {
    return "billing_config \$TEST_NGINX_BILLING_DIR/$_[0]; "
        . 'billing_zone billing 1m; billing_worker off;';
}

# As many members as are asked for, with something wrong at some places.
sub members {
    my ($n, %wrong) = @_;
    return '{"members":[' . join(',', map {
        $wrong{$_} // qq({"team":"t1","email":"u$_\@example.test"})
    } 0 .. $n - 1) . ']}';
}

sub lines { return join '', map { "$_\r\n" } split /\n/, $_[0] }

sub chunked {
    my ($start, $headers, $body) = @_;
    return "$start HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        . lines($headers) . "Transfer-Encoding: chunked\r\n\r\n"
        . join('', map { sprintf("%x\r\n%s\r\n", length $_, $_) }
            unpack '(a60000)*', $body) . "0\r\n\r\n";
}

add_block_preprocessor(sub {
    my ($block) = @_;
    redis('DEL', 'billing:1:commands');
    worker($block->name =~ /: list/
        ? '{"body":{"accepted":1,"unchanged":1,"refused":[{"index":7,"code":"X"}]}}'
        : '{}');
    $block->set_value('http_config', '$TEST_NGINX_BILLING')
        if !defined $block->http_config;
    $block->set_value('config', 'location / { billing_api; billing_wait 5s; }'
        . ' location /app/ { billing_api; billing_wait 5s;'
        . ' client_max_body_size 5m; }')
        if !defined $block->config;
});

no_root_location();
no_long_string();
run_tests();

__DATA__

=== TEST 1: without a key
--- request
GET /app/v1/teams/t1
--- error_code: 401
--- response_headers
Content-Type: application/problem+json; charset=utf-8
WWW-Authenticate: Bearer
Cache-Control: no-store
--- response_body_like: "code":"UNAUTHENTICATED"



=== TEST 2: with the key
--- request
GET /app/v1/teams/t1
--- more_headers eval: main::bearer($main::KEY)
--- error_code: 200
--- response_headers
! WWW-Authenticate
! Set-Cookie
--- response_body_like eval
qr/^\{"kind":"app\.team\.show","actor":"app","team":"t1"/



=== TEST 3: the scheme may be written as one likes
--- request
GET /app/v1/teams/t1
--- more_headers eval: "Authorization: bearer $main::KEY"
--- error_code: 200



=== TEST 4: a wrong key of the same length
--- request
GET /app/v1/teams/t1
--- more_headers eval: main::bearer('app_key_of_a_test_0123456789abcdeF')
--- error_code: 401
--- error_log
a wrong key of the application



=== TEST 5: the beginning of the key
--- request
GET /app/v1/teams/t1
--- more_headers eval: main::bearer('app_key_of_a_test_0123456789abcde')
--- error_code: 401



=== TEST 6: the key and more
--- request
GET /app/v1/teams/t1
--- more_headers eval: main::bearer("${main::KEY}0")
--- error_code: 401



=== TEST 7: an empty key
--- request
GET /app/v1/teams/t1
--- more_headers eval: 'Authorization: Bearer '
--- error_code: 401



=== TEST 8: another scheme
--- request
GET /app/v1/teams/t1
--- more_headers eval: "Authorization: Basic $main::KEY"
--- error_code: 401



=== TEST 9: two keys in one request
--- request
GET /app/v1/teams/t1
--- more_headers eval: main::bearer($main::KEY) . "\nX-A: b\n" . main::bearer($main::KEY)
--- error_code: 400



=== TEST 10: a session opens nothing here
--- request
POST /app/v1/teams
{"teams":[]}
--- more_headers eval: main::logged_in('owner@example.test')
--- error_code: 401



=== TEST 11: the key opens nothing elsewhere
--- request eval: ["GET /dashboard", "GET /billing/overview?team=t1"]
--- more_headers eval: main::bearer($main::KEY)
--- error_code eval: [401, 401]



=== TEST 12: during a change both keys are good
--- http_config eval: main::configured('two.json')
--- request eval: ["GET /app/v1/teams/t1", "GET /app/v1/teams/t1"]
--- more_headers eval: [main::bearer($main::KEY), main::bearer($main::NEXT)]
--- error_code eval: [200, 200]



=== TEST 13: without a configured key there is no such address
--- http_config eval: main::configured('none.json')
--- request
GET /app/v1/teams/t1
--- more_headers eval: main::bearer($main::KEY)
--- error_code: 404
--- response_body_like: "code":"NOT_FOUND"



=== TEST 14: a key that is too short
--- http_config eval: main::configured('short.json')
--- must_die
--- error_log eval
qr{\[emerg\] .*short\.json: /application/key_files/0: ".*short_key" holds 31 characters, 32 are needed}



=== TEST 15: a key file that is not there
--- http_config eval: main::configured('gone.json')
--- must_die
--- error_log eval
[qr{no_key" failed}, qr{gone\.json: /application/key_files/1 names it}]



=== TEST 16: a secret of a webhook that is none
--- http_config eval: main::configured('hook.json')
--- must_die
--- error_log eval
qr{hook\.json: /application/webhooks/0/secret_files/0: ".*bad_hook" does not hold}



=== TEST 17: no origin, no token, and a browser's cookie means nothing
--- request
PUT /app/v1/teams/t1
{"name":"One"}
--- more_headers eval
main::with_key() . "\nOrigin: http://elsewhere.example.test\n" . main::cookie('owner@example.test')
--- error_code: 200
--- response_body_like eval: qr/"actor":"app".*"name":"One"/



=== TEST 18: a form is not JSON
--- request
PUT /app/v1/teams/t1
name=One
--- more_headers eval: main::bearer($main::KEY) . "\nContent-Type: application/x-www-form-urlencoded"
--- error_code: 415



=== TEST 19: the application's ids are long numbers
--- request
PUT /app/v1/teams/1234567890123456789
{"name":"One"}
--- more_headers eval: main::with_key()
--- error_code: 200
--- response_body_like: "team":"1234567890123456789"



=== TEST 20: an id that is none
--- request
PUT /app/v1/boards/a%20b
{"title":"One"}
--- more_headers eval: main::with_key()
--- error_code: 422
--- response_body_like: "field":"board"



=== TEST 21: an order needs a key of its own
--- request
PUT /app/v1/teams/t1/enterprise
{"seats":30}
--- more_headers eval: main::with_key()
--- error_code: 400
--- response_body_like: "code":"IDEMPOTENCY_KEY_MISSING"



=== TEST 22: an instant in its normal form
--- request
PUT /app/v1/teams/t1/enterprise
{"seats":30,"valid_until":"2030-01-01T01:00:00+01:00"}
--- more_headers eval: main::with_key() . "\nIdempotency-Key: 0123456789abcdef"
--- response_body_like: "valid_until":"2030-01-01T00:00:00Z"



=== TEST 23: list: in commands of 250, one after the other
--- request eval
["POST /app/v1/members\n" . main::members(620), "GET /app/v1/webhooks"]
--- more_headers eval: main::with_key()
--- response_body_like eval
[qr/^\{"accepted":3,"unchanged":3,"refused":\[(?:\{"index":7,"code":"X"\},?){3}\]\}$/,
 qr/accepted/]
--- error_code eval: [200, 200]



=== TEST 24: list: what is wrong at first sight does not travel
--- request eval
"POST /app/v1/members\n" . main::members(4, 1 => '{"team":"t1"}', 2 => '5')
--- more_headers eval: main::with_key()
--- response_body_like eval
qr/^\{"accepted":1,"unchanged":1,"refused":\[\{"index":1,"code":"FIELD_MISSING","field":"email","detail":"[^"]+"\},\{"index":2,"code":"FIELD_TYPE","detail":"[^"]+"\},\{"index":7/



=== TEST 25: list: nothing but wrong ones needs no worker
--- init
worker('{"silent":true}');
--- request
POST /app/v1/boards
{"boards":[{"id":"a b"},{}]}
--- more_headers eval: main::with_key()
--- response_body_like eval: qr/^\{"accepted":0,"unchanged":0,"refused":\[\{"index":0,"code":"FIELD_TYPE","field":"id"/



=== TEST 26: list: empty
--- request
POST /app/v1/profiles
{"profiles":[]}
--- more_headers eval: main::with_key()
--- response_body chomp
{"accepted":0,"unchanged":0,"refused":[]}



=== TEST 27: list: texts in the language that is asked for
--- request
POST /app/v1/profiles?lang=fr
{"profiles":[{"email":"no"}]}
--- more_headers eval: main::with_key()
--- response_body_like: adresse e-mail



=== TEST 28: list: cut off
--- request
POST /app/v1/profiles
{"profiles":[{"email":"a@example.test"}
--- more_headers eval: main::with_key()
--- error_code: 400
--- response_body_like: "code":"BODY_INVALID"



=== TEST 29: list: under another name
--- request
POST /app/v1/profiles
{"people":[{"email":"a@example.test"}]}
--- more_headers eval: main::with_key()
--- error_code: 422
--- response_body_like eval: qr/"code":"FIELD_UNKNOWN".*"field":"people"/



=== TEST 30: list: ten thousand and one
--- request eval
"POST /app/v1/members\n" . main::members(10001)
--- more_headers eval: main::with_key()
--- error_code: 413
--- response_body_like: "code":"BODY_TOO_LARGE"



=== TEST 31: list: more than four megabytes, told before they are read
--- request eval
"POST /app/v1/profiles\n" . '{"profiles":[' . (' ' x (4 * 1024 * 1024)) . ']}'
--- more_headers eval: main::with_key()
--- error_code: 413



=== TEST 32: list: four megabytes in chunks, kept in a file
--- config
location /app/ { billing_api; billing_wait 5s; client_max_body_size 5m;
                 client_body_buffer_size 8k; }
--- raw_request eval
main::chunked('POST /app/v1/profiles', main::with_key(),
    '{"profiles":[{"email":"a@example.test"}' . (' ' x 3000000) . ']}')
--- response_body_like: ^\{"accepted":1,



=== TEST 33: list: other routes keep their limit
--- request eval
"PUT /app/v1/teams/t1\n" . '{"name":"' . ('x' x 66000) . '"}'
--- more_headers eval: main::with_key()
--- error_code: 413



=== TEST 34: list: a worker that is away says how far it came
--- config
location /app/ { billing_api; billing_wait 300ms; }
--- init
worker('{"silent":true}');
--- request eval
"POST /app/v1/members\n" . main::members(300)
--- more_headers eval: main::with_key()
--- error_code: 503
--- response_headers
Retry-After: 1
--- response_body_like eval: qr/"code":"STORE_UNAVAILABLE".*"accepted":0/



=== TEST 35: list: a refusal of the whole is passed on
--- init
worker('{"status":422,"problem":true,"body":{"code":"IDEMPOTENCY_KEY_REUSED"}}');
--- request eval
"POST /app/v1/members\n" . main::members(3)
--- more_headers eval: main::with_key() . "\nIdempotency-Key: 0123456789abcdef"
--- error_code: 422
--- response_body_like: IDEMPOTENCY_KEY_REUSED



=== TEST 36: list: a key of its own for each command
--- request eval
"POST /app/v1/members\n" . main::members(3)
--- more_headers eval: main::with_key() . "\nIdempotency-Key: " . ('k' x 251)
--- error_code: 400
--- response_body_like: "code":"IDEMPOTENCY_KEY_INVALID"



=== TEST 37: list: Redis is away
--- http_config eval: main::configured('away.json')
--- request eval
"POST /app/v1/members\n" . main::members(3)
--- more_headers eval: main::with_key()
--- error_code: 503



=== TEST 38: who has been signed in elsewhere gets a session
--- request
POST /app/v1/sessions
{"email":"Ann@Example.test"}
--- more_headers eval: main::with_key()
--- error_code: 201
--- response_headers_like
Set-Cookie: billing_session=1\.[^;]+; Path=/; Max-Age=\d+; HttpOnly; SameSite=Lax
--- response_body_like: ^\{"session":\{"profile":"ann@example.test","expires_at":"2



=== TEST 39: for a site that browsers reach by https, though this is not
--- http_config
$TEST_NGINX_BILLING billing_origin https://boards.example.test;
--- request
POST /app/v1/sessions
{"email":"ann@example.test"}
--- more_headers eval: main::with_key()
--- error_code: 201
--- response_headers_like
Set-Cookie: __Host-billing_session=1\.[^;]+;.*; Secure.*



=== TEST 40: a session needs the key
--- request
POST /app/v1/sessions
{"email":"ann@example.test"}
--- more_headers eval: main::logged_in('ann@example.test')
--- error_code: 401



=== TEST 41: other methods
--- request
PATCH /app/v1/teams/t1
{}
--- more_headers eval: main::with_key()
--- error_code: 405
--- response_headers
Allow: GET, HEAD, PUT, DELETE
