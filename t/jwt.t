#!/usr/bin/perl

# $billing_jwt_profile: who a token of the application says it is; what is
# wrong with the directives is in wrong.t, with tokens in t/unit too.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Billing;
use Digest::SHA qw(hmac_sha256);
use JSON::PP ();
use MIME::Base64 qw(encode_base64url decode_base64url);
use Test::More;
use Test::Nginx::Local::Server;

my $dir = fixture();
my $SECRET = 'a secret that the application and nginx share';
my $NEXT = 'the one that will follow it, some day of next year';

seed();
spew('shared', "$SECRET\n");
spew('next', "$NEXT\n");

$Test::Nginx::Local::Server::MASTER = 'on';
$Test::Nginx::Local::Server::WORKERS = 1;

my $json = JSON::PP->new->canonical;

sub part { return encode_base64url(ref $_[0] ? $json->encode($_[0]) : $_[0]) }

# The claims of a good token; undef takes one away.

sub claims {
    my (%change) = @_;
    my %claims = (iss => 'https://id.example.test', aud => 'boards',
        exp => time + 300, nbf => time - 5, email => 'Owner@example.test',
        %change);
    delete @claims{ grep { !defined $claims{$_} } keys %claims };
    $_ = int $_ for grep { defined && /^\d+\.\d+$/ } values %claims;
    return \%claims;
}

sub token {
    my ($claims, %how) = @_;
    my $text = join '.', part($how{header} || { alg => 'HS256', typ => 'JWT' }),
        part($claims);
    return $text . '.' . encode_base64url(
        hmac_sha256($text, $how{secret} || $SECRET));
}

my $JWT = "billing_jwt_issuer https://id.example.test; "
    . 'billing_jwt_audience boards; ';

sub site {
    my ($jwt) = @_;
    nginx_start(http_config => "$ENV{TEST_NGINX_BILLING} $JWT $jwt",
        config => <<'CONF');
    location ~ ^/boards/(?<b>[^/]*)$ {
        billing_profile $billing_jwt_profile;
        billing_board $b;
        billing_require auto;
        add_header X-Who "[$billing_jwt_profile][$billing_jwt_profile]" always;
        add_header X-Why "$billing_reason" always;
        empty_gif;
    }
    location = /who {
        add_header X-Who "[$billing_jwt_profile][$billing_jwt_profile]" always;
        empty_gif;
    }
    location = /moved { rewrite ^ /boards/paid1 last; }
    location / { billing_api; }
CONF
}

sub asked {
    my ($token, %how) = @_;
    return asked_as('a token', $how{path} || '/boards/paid1',
        headers => $how{headers} || ["Authorization: Bearer $token"]);
}

my $NOBODY = '401 ';
my $OWNER = '200 owner@example.test';

# --- a shared secret ------------------------------------------------------------

site("billing_jwt_key HS256 $dir/shared;");

is(asked(token(claims())), $OWNER, 'a good token');
my $kept = token(claims());
is(asked($kept), $OWNER, 'another') for 1 .. 3;
is(asked($kept, path => '/moved'), $OWNER, 'over an internal redirect');
is(asked($kept, path => '/who'), $OWNER, 'outside a gate');
is(asked($kept, headers => ["Authorization: bEARER $kept"]), $OWNER,
    'the scheme is written as one likes');
is(asked(token(claims(email => 'stranger@example.test'))),
    '403 stranger@example.test', 'identity only: rights are looked up');
is(asked(token(claims(email => 'stranger@example.test', role => 'admin',
    roles => 255, team => 'paid'))), '403 stranger@example.test',
    'whatever else the token says');

is(asked('', headers => []), $NOBODY, 'no token');
is(asked($kept, headers => ["Authorization: Basic $kept"]), $NOBODY,
    'another scheme');
is(asked($kept, headers => ["Cookie: jwt=$kept; billing_session=$kept"]),
    $NOBODY, 'a cookie is not read unless it is said');
like((get('/boards/paid1', headers => [("Authorization: Bearer $kept") x 2]))[0],
    qr/^(?:400|401)$/, 'two headers are none');

for my $case (
    ['no iss', { iss => undef }, 'is of another issuer'],
    ['another iss', { iss => 'https://id.example.com' }, 'is of another issuer'],
    ['no aud', { aud => undef }, 'is for another audience'],
    ['another aud', { aud => ['files', 'mails'] }, 'is for another audience'],
    ['no exp', { exp => undef }, 'has no "exp" that is a whole number'],
    ['no nbf', { nbf => undef }, 'has no "nbf" that is a whole number'],
    ['no email', { email => undef }, 'has no e-mail address in its claim'],
    ['no address', { email => 'owner' }, 'has no e-mail address in its claim'],
    ['not verified', { email_verified => JSON::PP::false() },
        'has an e-mail address that is not verified'],
    ['expired', { exp => time - 61 }, 'has expired'],
    ['not yet', { nbf => time + 90 }, 'is not valid yet'])
{
    my ($name, $change, $why) = @$case;
    is(asked(token(claims(%$change))), "$NOBODY; $why", $name);
}

is(asked(token(claims(exp => time - 30, nbf => time - 90))), $OWNER,
    'a minute of slack after the end');
is(asked(token(claims(nbf => time + 30))), $OWNER, 'and before the beginning');
is(asked(token(claims(aud => ['files', 'boards']))), $OWNER, 'one of several');

my $foreign = 'names an algorithm or a key that is not ours';
is(asked(token(claims(), header => { alg => $_ })), "$NOBODY; $foreign",
    "alg $_") for qw(none None HS512 RS256 ES256);
my $none = join '.', part({ alg => 'none' }), part(claims()), '';
is(asked($none), "$NOBODY; $foreign", 'alg none, not signed');
is(asked(token(claims(), secret => $NEXT)),
    "$NOBODY; is not signed with our key", 'another hand');
is(asked(token(claims(), secret => $NEXT, header => { alg => 'HS256',
    jku => 'http://127.0.0.1:1/', x5u => 'http://127.0.0.1:1/',
    jwk => { kty => 'oct', k => encode_base64url($NEXT) } })),
    "$NOBODY; is not signed with our key", 'a key that comes along');
is(asked(token(claims(), header => { alg => 'HS256', kid => '../../../x' })),
    $OWNER, 'a key without a name is for any name');

my $form = "$NOBODY; is not three parts of base64url";
is(asked($_), $form, 'no token: ' . substr $_, 0, 12)
    for 'x', 'a.b', 'a.b.c.d', "$kept=", '.' x 30, 'a b.c d.e f';
is(asked(token(claims(x => 'x' x 5000))), $form, '7 KB');
my $long = token(claims(x => 'x' x 2700));
ok(length $long > 3800 && length $long <= 4096, 'a long one');
is(asked($long), $OWNER, 'of nearly 4 KB is good');
is(asked($long), $OWNER, 'and again');

(my $changed = $kept) =~ s/(.)\z/$1 eq 'A' ? 'Q' : 'A'/e;
unlike(asked($changed), qr/owner/, 'one that is kept, with another end');
(my $other = $kept) =~ s/\.(.)/'.' . ($1 eq 'e' ? 'f' : 'e')/e;
unlike(asked($other), qr/owner/, 'or another middle');

# The end comes for who is known already, too.
my $short;
ok(until_true(sub {
    $short = token(claims(exp => time - 58, nbf => time - 90));
    asked($short) eq $OWNER;
}, 20), 'a token for two seconds');
ok(until_true(sub { asked($short) eq "$NOBODY; has expired" }, 20),
    'and then it has expired, kept or not');

is((get('/dashboard', headers => ["Authorization: Bearer $kept"]))[0], 401,
    'the interface knows its own session alone');
my $said = join '', grep { /billing: / } split /^/, error_log();
unlike($said, qr/\Q$kept\E|example\.test|\Q$SECRET\E/,
    'P51 what we log has no token, address or secret');

# What a core file of nginx would have of the secret.

sub remembers {
    my ($pid, $what) = @_;
    no warnings 'portable';
    open my $maps, '<', "/proc/$pid/maps" or return undef;
    open my $mem, '<:raw', "/proc/$pid/mem" or return undef;
    my $n = 0;
    while (<$maps>) {
        my ($from, $to) = /^([0-9a-f]+)-([0-9a-f]+) r(?!.*\[v)/ or next;
        sysseek $mem, hex $from, 0;
        sysread $mem, my $bytes, hex($to) - hex $from;
        $n++ if defined $bytes && index($bytes, $what) >= 0;
    }
    return $n;
}

SKIP: {
    my $pid = nginx_pid();
    open my $children, '<', "/proc/$pid/task/$pid/children";
    my ($worker) = split ' ', <$children> // '';
    skip 'a sanitizer has memory of its own', 3
        if ($ENV{BILLING_BUILD} // '') =~ /sanitize/;
    skip 'another process may not be looked at here', 3
        if !$worker || !defined remembers($worker, $SECRET);
    ok(remembers($worker, 'https://id.example.test') > 0, 'memory can be looked at');
    is(remembers($_, $SECRET), 0, 'P51 nowhere in it is the secret') for $pid, $worker;
}

# Another key from a reload on: what was verified with the old is not believed.
spew('shared', "$NEXT\n");
nginx_signal('HUP');
ok(until_true(sub { asked($kept) eq "$NOBODY; is not signed with our key" },
    10), 'a reload with another key ends what was kept');
ok(until_true(sub { asked(token(claims(), secret => $NEXT)) eq $OWNER }, 10),
    'and the new one is good, once the old process has gone');
spew('shared', "$SECRET\n");
nginx_stop();

# --- two secrets, another claim, a cookie -----------------------------------------

site("billing_jwt_key HS256 $dir/next kid=b; billing_jwt_key HS256 $dir/shared kid=a; "
    . 'billing_jwt_claim sub; billing_jwt_token $cookie_app;');

sub by_cookie { return asked('', headers => ["Cookie: app=$_[0]"]) }

my $sub = claims(email => 'x', sub => 'member@example.test');
my $MEMBER = '200 member@example.test';
is(by_cookie(token($sub)), $MEMBER, 'without a name each key is tried');
is(by_cookie(token($sub, header => { alg => 'HS256', kid => 'a' })), $MEMBER,
    'the key of that name');
is(by_cookie(token($sub, secret => $NEXT,
    header => { alg => 'HS256', kid => 'b' })), $MEMBER, 'and the other');
is(by_cookie(token($sub, header => { alg => 'HS256', kid => 'b' })),
    "$NOBODY; is not signed with our key", 'a name only selects');
is(by_cookie(token($sub, header => { alg => 'HS256', kid => 'c' })),
    "$NOBODY; $foreign", 'a name that no key has');
is(asked(token($sub)), $NOBODY, 'the header is not read beside a cookie');
nginx_stop();

# --- public keys --------------------------------------------------------------------

sub openssl {
    my ($command) = @_;
    system("openssl $command 2>$dir/openssl.log") == 0
        or die "openssl $command: ", do { local (@ARGV, $/) = "$dir/openssl.log"; <> };
}

my %make = (RS256 => 'RSA -pkeyopt rsa_keygen_bits:2048', EdDSA => 'ED25519',
    ES256 => 'EC -pkeyopt ec_paramgen_curve:P-256');

for my $alg (sort keys %make) {
    openssl("genpkey -algorithm $make{$alg} -out $dir/$alg.key");
    openssl("pkey -in $dir/$alg.key -pubout -out $dir/$alg.pem");
}

# DER of two numbers as 64 bytes.

sub raw {
    my ($der) = @_;
    my ($r, $s) = unpack 'x3 C/a x C/a', $der;
    return join '', map { substr "\0" x 32 . $_, -32 } $r, $s;
}

sub signed {
    my ($alg, $claims, %how) = @_;
    my $text = join '.', part($how{header} || { alg => $alg }), part($claims);
    spew('text', $text);
    openssl($alg eq 'EdDSA'
        ? "pkeyutl -sign -rawin -inkey $dir/$alg.key -in $dir/text -out $dir/signature"
        : "dgst -sha256 -sign $dir/$alg.key -out $dir/signature $dir/text");
    open my $in, '<:raw', "$dir/signature" or die;
    my $signature = do { local $/; <$in> };
    $signature = raw($signature) if $alg eq 'ES256' && !$how{der};
    return "$text." . encode_base64url($signature);
}

site(join ' ', map { "billing_jwt_key $_ $dir/$_.pem;" } sort keys %make);

for my $alg (sort keys %make) {
    my $token = signed($alg, claims());
    is(asked($token), $OWNER, $alg);
    is(asked($token), $OWNER, "$alg again");
    substr($token, -20, 1) =~ tr/A-Za-z/B-ZAb-za/;
    substr($token, -21, 1) =~ tr/A-Za-z0-9/B-ZAb-za1-90/;
    is(asked($token), "$NOBODY; is not signed with our key",
        "$alg with another signature");
    is(asked(signed($alg, claims(exp => time - 61))), "$NOBODY; has expired",
        "$alg expired");
}

is(asked(signed('ES256', claims(), der => 1)),
    "$NOBODY; is not signed with our key", 'ES256 in DER is none');
is(asked(signed('ES256', claims(), header => { alg => 'RS256' })),
    "$NOBODY; is not signed with our key", 'named as another algorithm');
open my $pem, '<', "$dir/RS256.pem" or die;
is(asked(token(claims(), secret => do { local $/; <$pem> })),
    "$NOBODY; $foreign", 'HS256 with the public key as the secret');
is(asked(token(claims(), secret => $SECRET)), "$NOBODY; $foreign",
    'HS256 beside public keys');
nginx_stop();

done_testing();
