# Who is asking, and whether it was meant: the session's cookie, the token,
# the origin, and the languages an answer may have.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use FakeWorker;
use Test::Nginx::Socket 'no_plan';

our $dir = fixture();

# A change of state; what proves it is the block's.
our $CHANGE = "POST /dashboard/teams/t1/boards\n" . '{"title":"x"}';
our $JSON = "\nContent-Type: application/json";
our $MEANT = logged_in('owner@example.test');
our $WHO = cookie('owner@example.test');

sub changed {
    my ($token, $by) = @_;
    substr($token, -1) = $by;
    return $token;
}

add_block_preprocessor(\&api_block);

no_root_location();
no_long_string();
run_tests();

__DATA__

=== TEST 1: the demo's login
--- request
POST /demo/login
{"profile":"Owner@Example.test"}
--- more_headers
Content-Type: application/json
--- response_headers_like
Set-Cookie: billing_session=1\.[\w-]+\.[0-9a-f]{32}\.\d+\.[\w-]{43}; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax
Cache-Control: no-store
--- response_body_like
^\{"profile":\{"email":"owner@example\.test"\},"csrf":"[\w-]{43}"\}$



=== TEST 2: the login knows its own pages
--- request
POST /demo/login
{"profile":"owner@example.test"}
--- more_headers
Content-Type: application/json
Origin: http://elsewhere.example.test
--- error_code: 403
--- response_headers
! Set-Cookie
--- response_body_like: "code":"CSRF"



=== TEST 3: nobody logs in without an address
--- request
POST /demo/login
{"profile":"nobody"}
--- more_headers
Content-Type: application/json
--- error_code: 422
--- response_body_like: "field":"profile"



=== TEST 4: a session
--- request
GET /billing/overview?team=t1
--- more_headers eval: $main::WHO
--- response_body_like: "actor":"owner\@example\.test"



=== TEST 5: no session
--- request
GET /billing/overview?team=t1
--- error_code: 401
--- response_body_like: "code":"UNAUTHENTICATED"



=== TEST 6: a session signed with the secret before this one
--- request
GET /billing/overview?team=t1
--- more_headers eval: main::cookie('owner@example.test', older => 1)
--- error_code: 200



=== TEST 7: a session signed by somebody else
--- request
GET /billing/overview?team=t1
--- more_headers eval: main::cookie('owner@example.test', foreign => 1)
--- error_code: 401



=== TEST 8: a session whose time is over
--- request
GET /billing/overview?team=t1
--- more_headers eval: main::cookie('owner@example.test', expires => time - 1)
--- error_code: 401



=== TEST 9: two sessions are none
--- request
GET /billing/overview?team=t1
--- more_headers eval
"$main::WHO; billing_session=" . main::session('owner@example.test')
--- error_code: 401



=== TEST 10: nor are two in two headers
--- request
GET /billing/overview?team=t1
--- more_headers eval: "$main::WHO\n$main::WHO"
--- error_code: 401



=== TEST 11: another cookie of a longer name is another cookie
--- request
GET /billing/overview?team=t1
--- more_headers eval
"Cookie: xbilling_session=1; billing_sessions=2;\t billing_session="
    . main::session('owner@example.test') . '; a'
--- error_code: 200



=== TEST 12: a session with one character more
--- request
GET /billing/overview?team=t1
--- more_headers eval: "${main::WHO}A"
--- error_code: 401



=== TEST 13: a session with one character less
--- request
GET /billing/overview?team=t1
--- more_headers eval: substr($main::WHO, 0, -1)
--- error_code: 401



=== TEST 14: a session of 8 KB
--- config
location / { billing_api; }
large_client_header_buffers 4 32k;
--- request
GET /billing/overview?team=t1
--- more_headers eval: 'Cookie: billing_session=' . ('1.' x 4096)
--- error_code: 401



=== TEST 15: a thousand cookies
--- config
location / { billing_api; }
large_client_header_buffers 4 32k;
--- request
GET /billing/overview?team=t1
--- more_headers eval
'Cookie: ' . ('a=b; ' x 1000) . 'billing_session='
    . main::session('owner@example.test')
--- error_code: 401



=== TEST 16: P49 a header says nothing about who is asking
--- request
GET /billing/overview?team=t1
--- more_headers
X-User-Id: owner@example.test
X-Forwarded-User: owner@example.test
--- error_code: 401



=== TEST 17: the name that no other host can set is read over https only
--- request
GET /billing/overview?team=t1
--- more_headers eval
'Cookie: __Host-billing_session=' . main::session('owner@example.test')
--- error_code: 401



=== TEST 18: a change that was meant
--- request eval: $main::CHANGE
--- more_headers eval: $main::MEANT
--- response_body_like: "kind":"board\.create"



=== TEST 19: no session comes before no token
--- request eval: $main::CHANGE
--- more_headers
Content-Type: application/json
--- error_code: 401



=== TEST 20: no token
--- request eval: $main::CHANGE
--- more_headers eval: $main::WHO . $main::JSON
--- error_code: 403
--- response_body_like: "code":"CSRF"



=== TEST 21: the token of another profile
--- request eval: $main::CHANGE
--- more_headers eval
"$main::WHO\n" . main::csrf('big@example.test') . $main::JSON
--- error_code: 403



=== TEST 22: the token of another session of the profile
--- request eval: $main::CHANGE
--- more_headers eval
"$main::WHO\n" . main::csrf('owner@example.test', nonce => 'f' x 32)
    . $main::JSON
--- error_code: 403



=== TEST 23: a token made with the secret before this one
--- request eval: $main::CHANGE
--- more_headers eval
"$main::WHO\n" . main::csrf('owner@example.test', older => 1) . $main::JSON
--- error_code: 200



=== TEST 24: a token with another last character
--- request eval: $main::CHANGE
--- more_headers eval
"$main::WHO\n" . main::changed(main::csrf('owner@example.test'), '-')
    . $main::JSON
--- error_code: 403



=== TEST 25: two tokens
--- request eval: $main::CHANGE
--- more_headers eval
"$main::MEANT\n" . main::csrf('owner@example.test')
--- error_code: 403



=== TEST 26: a token in the query is not read
--- request eval
main::csrf('owner@example.test') =~ /: (.*)/;
"POST /dashboard/teams/t1/boards?csrf=$1\n{\"title\":\"x\"}"
--- more_headers eval: $main::WHO . $main::JSON
--- error_code: 403



=== TEST 27: from our own page, as a new browser says it
--- request eval: $main::CHANGE
--- more_headers eval
"$main::MEANT\nSec-Fetch-Site: same-origin\nOrigin: http://localhost"
--- error_code: 200



=== TEST 28: from our own page, as an old browser says it
--- request eval: $main::CHANGE
--- more_headers eval: "$main::MEANT\nOrigin: http://LocalHost"
--- error_code: 200



=== TEST 29: from another site, with everything else right
--- request eval: $main::CHANGE
--- more_headers eval: "$main::MEANT\nSec-Fetch-Site: cross-site"
--- error_code: 403



=== TEST 30: from a neighbour
--- request eval: $main::CHANGE
--- more_headers eval: "$main::MEANT\nSec-Fetch-Site: same-site"
--- error_code: 403



=== TEST 31: from nowhere
--- request eval: $main::CHANGE
--- more_headers eval: "$main::MEANT\nOrigin: null"
--- error_code: 403



=== TEST 32: an origin that only begins like ours
--- request eval: $main::CHANGE
--- more_headers eval: "$main::MEANT\nOrigin: http://localhost.example.test"
--- error_code: 403



=== TEST 33: our name with another scheme
--- request eval: $main::CHANGE
--- more_headers eval: "$main::MEANT\nOrigin: https://localhost"
--- error_code: 403



=== TEST 34: our name with another port
--- request eval: $main::CHANGE
--- more_headers eval: "$main::MEANT\nOrigin: http://localhost:81"
--- error_code: 403



=== TEST 35: two origins
--- request eval: $main::CHANGE
--- more_headers eval
"$main::MEANT\nOrigin: http://localhost\nOrigin: http://elsewhere.example.test"
--- error_code: 403



=== TEST 36: an origin of another site, whatever the browser's label
--- request eval: $main::CHANGE
--- more_headers eval
"$main::MEANT\nSec-Fetch-Site: same-origin\nOrigin: http://elsewhere.example.test"
--- error_code: 403



=== TEST 37: only a referer, of another site
--- request eval: $main::CHANGE
--- more_headers eval
"$main::MEANT\nReferer: http://elsewhere.example.test/http://localhost/"
--- error_code: 403



=== TEST 38: only a referer, ours
--- request eval: $main::CHANGE
--- more_headers eval: "$main::MEANT\nReferer: http://localhost/dashboard"
--- error_code: 200



=== TEST 39: reading needs no token
--- request
GET /dashboard
--- more_headers eval: "$main::WHO\nSec-Fetch-Site: cross-site"
--- error_code: 200



=== TEST 40: English is spoken where nothing else is asked for
--- request
GET /nothing
--- error_code: 404
--- response_headers
Content-Language: en



=== TEST 41: what the browser prefers
--- request
GET /nothing
--- more_headers
Accept-Language: de, fr;q=0.8, en;q=0.5
--- error_code: 404
--- response_headers
Content-Language: fr



=== TEST 42: the choice kept in a cookie comes first
--- request
GET /nothing
--- more_headers
Accept-Language: fr
Cookie: a=b; lang=en
--- error_code: 404
--- response_headers
Content-Language: en



=== TEST 43: the choice in the address before it
--- request
GET /nothing?lang=fr
--- more_headers
Cookie: lang=en
--- error_code: 404
--- response_headers
Content-Language: fr



=== TEST 44: a language that we do not have
--- request
GET /nothing?lang=xx
--- more_headers
Cookie: lang=fr
--- error_code: 404
--- response_headers
Content-Language: fr



=== TEST 45: the worker is told, too
--- request
GET /billing/overview?team=t1&lang=fr
--- more_headers eval: $main::WHO
--- response_body_like: "lang":"fr"



=== TEST 46: a French refusal
--- request
GET /dashboard?lang=fr
--- error_code: 401
--- response_headers
Content-Language: fr
--- response_body_like: (?i)connect



=== TEST 47: what was seen is kept for three teams and no more
--- init: worker('{"team":"t5","epoch":1,"version":2}')
--- request
GET /billing/overview?team=t5
--- more_headers eval
"$main::WHO; billing_seen=t1:1:1.t5:1:1.t2:1:1.t3:1:1.t4:1:1"
--- response_headers
Set-Cookie: billing_seen=t5:1:2.t1:1:1.t2:1:1; Path=/; Max-Age=600; HttpOnly; SameSite=Lax



=== TEST 48: nonsense that was seen is forgotten
--- init: worker('{"team":"t5","epoch":1,"version":2}')
--- request
GET /billing/overview?team=t5
--- more_headers eval
"$main::WHO; billing_seen=t1:1:99999999999999999999"
--- response_headers
Set-Cookie: billing_seen=t5:1:2; Path=/; Max-Age=600; HttpOnly; SameSite=Lax
