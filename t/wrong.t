#!/usr/bin/perl

# What is wrong in a configuration fails "nginx -t" with file and line: every
# directive in the wrong place, twice, with too few and too many arguments, and
# each of its wrong values; billing.json with the column too.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Billing;
use Test::More;
use Tidy;

my $dir = fixture(no_redis => 1);
my $nginx = $ENV{TEST_NGINX_BINARY} || 'build/release/nginx-run';
my $build = $ENV{BILLING_BUILD} || 'build/release';
my $modules = $ENV{TEST_NGINX_LOAD_MODULES}
    || "$build/ngx_http_billing_module.so";
my $load = join '', map { "load_module $_; " } split ' ', $modules;
my $ours = "billing_config $dir/billing.json; billing_zone billing 1m;";
my $gate = 'billing_profile $arg_p; billing_team $arg_t;';
my $prefix = "$dir/nginx";
mkdir $prefix;
mkdir "$prefix/logs";

# A configuration with lines put into its contexts; the number of each line.

sub configuration {
    my (%text) = @_;
    my @lines = ("$load", "error_log stderr; pid $prefix/pid;",
        'MAIN', 'events {', 'EVENTS', '}', 'http {', 'access_log off;',
        (map { "${_}_temp_path $prefix/$_;" }
            qw(client_body proxy fastcgi uwsgi scgi)),
        'FIRST', 'HTTP', 'upstream u {', 'server 127.0.0.1:9;', 'UPSTREAM',
        '}', 'server {', "listen unix:$prefix/listen;", 'SERVER',
        'location /t {', 'LOCATION', 'if ($arg_x) {', 'IF', '}',
        'limit_except GET {', 'EXCEPT', '}', '}', '}', '}');
    my (%line, @out);
    for my $line (@lines) {
        my $given = $line =~ /^[A-Z]+$/ ? $text{$line} // '' : $line;
        push @out, split /\n/, $given, -1;
        push @out, '' if $given eq '';
        $line{$line} = @out;
    }
    spew('nginx.conf', join("\n", @out) . "\n");
    return \%line;
}

# nginx -t ends without freeing anything, and whether what it leaves counts as
# a leak depends on what its stack still holds by chance.

sub dash_t {
    unlink "$prefix/listen";
    local $ENV{ASAN_OPTIONS} = 'detect_leaks=0';
    my $said = qx($nginx -t -p $prefix -e stderr -c $dir/nginx.conf 2>&1);
    return ($? >> 8, $said);
}

# $where: the context in whose line the mistake is.

sub wrong {
    my ($name, $where, $text, $message, %more) = @_;
    my $line = configuration(FIRST => $ours, %more, $where => $text);
    my ($status, $said) = dash_t();
    my $at = $line->{$where};
    $message = quotemeta $message if !ref $message;
    $said =~ s/\n\z//;
    ok($status == 1 && $said =~ m{\[emerg\][^\n]* ?$message[^\n]*
        \ in\ \Q$dir\E/nginx\.conf:$at$}xm, $name)
        or diag "wanted $message at line $at, status $status said:\n$said";
}

sub right {
    my ($name, $where, $text, %more) = @_;
    configuration(FIRST => $ours, %more, $where => $text);
    my ($status, $said) = dash_t();
    ok($status == 0, $name) or diag $said;
}


# --- contexts, duplicates, numbers of arguments -------------------------------

# A value that is fine, for the tests in which something else is not.

my %fine = (
    billing_config => "$dir/billing.json", billing_zone => 'billing 1m',
    billing_worker => 'off', billing_session_cookie => 'a',
    billing_origin => 'https://example.test', billing_profile => '$arg_p',
    billing_team => '$arg_t', billing_board => '$arg_b',
    billing_require => 'view', billing_dry_run => 'on',
    billing_status_code => '402', billing_log_level => 'warn',
    billing_cache_max_age => '5s', billing_cache_ttl => '5s',
    billing_stale => '5s', billing_on_error => 'pass', billing_wait => '5s',
    billing_follow => '5s', billing_pages => '/p/', billing_api => '',
    billing_nginx_build => 'layout', billing_security_log => 'off rate=1',
    billing_jwt_key => "HS256 $dir/master kid=a",
    billing_jwt_issuer => 'https://id.example.test',
    billing_jwt_audience => 'boards', billing_jwt_claim => 'sub',
    billing_jwt_token => '$cookie_jwt',
    billing_signed_header => "X-Who $dir/master $dir/application_key",
);

# Of RFC 8037 and RFC 7515, A.3.

spew('ed.pem', "-----BEGIN PUBLIC KEY-----\n"
    . "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
    . "-----END PUBLIC KEY-----\n", 0644);
spew('ec.pem', "-----BEGIN PUBLIC KEY-----\n"
    . "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7\n"
    . "6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
    . "-----END PUBLIC KEY-----\n", 0644);


my %context = (MAIN => 'none', EVENTS => 'none', HTTP => 'MAIN_CONF',
    UPSTREAM => 'UPS_CONF', SERVER => 'SRV_CONF', LOCATION => 'LOC_CONF',
    IF => 'LIF_CONF', EXCEPT => 'LMT_CONF');

my %command = commands();

for my $name (sort keys %command) {
    ok(exists $fine{$name}, "$name is tried") or next;
    my $flags = $command{$name};
    my $given = "$name $fine{$name};";
    my @first = $name =~ /^billing_(?:config|zone)$/ ? (FIRST => '') : ();

    for my $where (sort keys %context) {
        next if $flags =~ /NGX_HTTP_$context{$where}\b/;
        wrong("$name is not for $where", $where, $given,
            "\"$name\" directive is not allowed here", @first);
    }

    my ($home) = grep { $flags =~ /NGX_HTTP_$context{$_}\b/ }
        qw(HTTP SERVER LOCATION);
    wrong("$name twice", $home, "$given $given", qr/is duplicate/, @first)
        if $name ne 'billing_api';
    my $count = "invalid number of arguments in \"$name\" directive";
    wrong("$name without a value", $home, "$name;", $count, @first)
        if $flags !~ /NOARGS/;
    wrong("$name with a value too many", $home, "$name $fine{$name} more;",
        $count, @first) if $flags !~ /1MORE|FLAG/;
}


# --- values -------------------------------------------------------------------

my $between = qr/value must be between|directive invalid value/;
my $word = qr/invalid value/;
my $number = qr/value must be |must be equal to|invalid number/;
my $host = 'is not "http://HOST" or "https://HOST"';

my @times = qw('' -1 -1s 1.5s 10x 1e3 0x10 s 999999999999s
    99999999999999999999 5sec);

my %wrong = (
    billing_zone => [
        ["'' 1m", 'empty zone name'],
        ['b 127k', 'zone "b" is too small, at least 128k is needed'],
        map { ["b $_", "invalid zone size \"$_\""] }
            qw(10x -1m 1.5m 99999999999999999999m m)],
    billing_worker => [
        ["''", 'empty path of a program'],
        ['/nowhere/at/all', 'cannot be started (2: No such file'],
        ['On', 'cannot be started (2: No such file'],
        [$dir, 'is not a program'],
        ["$dir/master", 'cannot be started (13: Permission denied']],
    billing_security_log => [
        ["''", 'empty file name'], ['/nowhere/at/all', 'open() "/nowhere/at/all" failed', 0],
        (map { ["off $_", "invalid parameter \"$_\""] }
            qw(rate rate= rate=0 rate=-1 rate=1.5 rate=100001 level=warn)),
        ['syslog:server=', 'no host in syslog server'], ['syslog:', qr/syslog/]],
    billing_session_cookie => [
        map { [$_, 'has a name that is not of letters'] }
            "''", "'a b'", 'a=b', "'a;'", "'a\xc3\xa9'", '__Host-a:', 'a,b'],
    billing_origin => [
        map { [$_, $host] } "''", 'example.test', 'https://', 'http://',
            'https://example.test/', 'https://example.test/a',
            'ftp://example.test', 'HTTPS://example.test', "'https://a b'",
            'https://you@example.test', 'https://example.test?a',
            "'https://example.test#a'", "'https://a\\nb'", 'https://*'],
    billing_profile => [
        ['$nothing', 'unknown "nothing" variable', 0],
        ['$', 'invalid variable name'],
        ["'\${'", 'invalid variable name']],
    billing_jwt_key => [
        (map { ["$_ $dir/master", "unknown algorithm \"$_\" in"] }
            qw(none HS512 hs256 RS512 HS256RS256)),
        ["'' $dir/master", 'unknown algorithm ""'],
        ["HS256 ''", 'has an empty file name'],
        ["HS256 $dir/nowhere", 'failed (2: No such file'],
        ["HS256 $dir/short", 'is shorter than 32 bytes'],
        ["HS256 $dir/ed.pem", 'holds a key in PEM, not a shared secret'],
        ["EdDSA $dir/master", 'holds no "PUBLIC KEY" in PEM'],
        ["RS256 $dir/ed.pem", 'is not an RSA key of 2048 to 8192 bits'],
        ["ES256 $dir/ed.pem", 'is not a key of the curve P-256'],
        ["EdDSA $dir/ec.pem", 'is not an Ed25519 key'],
        ["EdDSA $dir/ed.pem key=a", 'unknown word "key=a"'],
        ["EdDSA $dir/ed.pem kid=", 'has a "kid=" that is empty or longer'],
        ["EdDSA $dir/ed.pem kid=" . 'x' x 129, 'that is empty or longer'],
        ["EdDSA $dir/ed.pem; billing_jwt_key HS256 $dir/master",
            'has a shared secret (HS256) beside public keys'],
        ["HS256 $dir/master; billing_jwt_key ES256 $dir/ec.pem",
            'has a shared secret (HS256) beside public keys'],
        ["EdDSA $dir/ed.pem kid=a; billing_jwt_key ES256 $dir/ec.pem kid=a",
            'is duplicate'],
        [join('; billing_jwt_key ', map { "EdDSA $dir/ed.pem$_" } 0 .. 4),
            'is given more than 4 times']],
    billing_jwt_issuer => [["''", 'is empty']],
    billing_jwt_audience => [["''", 'is empty']],
    billing_jwt_claim => [["''", 'is empty']],
    billing_jwt_token => [
        ["\$nothing; billing_jwt_key HS256 $dir/master; billing_jwt_issuer i; "
            . 'billing_jwt_audience a', 'unknown "nothing" variable', 0],
        ['$', 'invalid variable name'], ['abc', 'has no variable']],
    billing_signed_header => [
        (map { ["$_ $dir/master", 'has a name that is not of letters'] }
            "''", "'X Who'", 'X-Who:', 'X_Who'),
        ["X-Who ''", 'has an empty file name'],
        ["X-Who $dir/master ''", 'has an empty file name'],
        ["X-Who $dir/nowhere", 'failed (2: No such file'],
        ["X-Who $dir/master $dir/short", 'is shorter than 32 bytes'],
        ["X-Who $dir/ed.pem", 'holds a key in PEM, not a shared secret']],
    billing_team => [['$nothing', 'unknown "nothing" variable', 0]],
    billing_board => [['$nothing', 'unknown "nothing" variable', 0]],
    billing_require => [
        ['view votin', 'unknown word "votin" in "billing_require"; known are '
            . 'off auto view edit seat admin billing limit=NAME:USED and the '
            . 'features all_boards private_boards'],
        ["''", 'unknown word ""'], ['View', 'unknown word "View"'],
        ['$arg_w', 'unknown word "$arg_w"'],
        ['auto edit', 'has "auto" beside "view" or "edit"'],
        ['auto view', 'has "auto" beside "view" or "edit"'],
        ['view off', 'has "off" beside other words'],
        ['off view', 'has "off" beside other words'],
        ['limit=', 'unknown word "limit="'],
        (map { ["limit=$_", 'has a limit that is not "limit=NAME:USED"'] }
            qw(ai_credits ai_credits:)),
        ['limit=boards:1',
            'unknown limit "boards"; "billing_config" names editable_boards '
            . 'ai_credits'],
        ['limit=:1', 'unknown limit ""'],
        ['limit=ai_credits:$', 'invalid variable name'],
        ['limit=ai_credits:$nothing', 'unknown "nothing" variable', 0]],
    billing_dry_run => [
        map { [$_, 'it must be "on" or "off"'] } qw('' perhaps 1 true)],
    billing_status_code => [
        map { [$_, $number] } qw('' 200 302 399 600 abc 0 -402 4e2 402.0
            99999999999999999999)],
    billing_log_level => [
        map { [$_, $word] } qw('' debug crit alert emerg loud)],
    billing_on_error => [map { [$_, $word] } qw('' maybe open stale)],
    billing_nginx_build => [map { [$_, $word] } qw('' any exactly off)],
    billing_cache_max_age => [map { [$_, $between] } @times, qw(0 0s 25h 2d)],
    billing_cache_ttl => [map { [$_, $between] } @times, qw(0 0s 25h)],
    billing_stale => [map { [$_, $between] } @times, qw(11y 2y)],
    billing_wait => [map { [$_, $between] } @times, qw(0 0ms 2h 0s)],
    billing_follow => [map { [$_, $between] } @times, qw(0 0ms 2h 0s)],
    billing_pages => [
        map { [$_, 'must begin and end with "/"'] } qw('' pages /p p/)],
);

spew('short', 'x' x 31 . "\n");
spew("ed.pem$_", slurp("$dir/ed.pem"), 0644) for 0 .. 4;

for my $name (sort keys %wrong) {
    my $flags = $command{$name};
    my $where = $flags =~ /LOC_CONF/ ? 'LOCATION' : 'HTTP';
    my @first = $name eq 'billing_zone'
        ? (FIRST => "billing_config $dir/billing.json;") : ();
    for my $case (@{ $wrong{$name} }) {
        my ($value, $message, $known) = @$case;
        my $given = "$name $value;";
        (my $title = $given) =~ s/[^ -~]/?/g;
        # A variable is looked up once all of "http" has been read.
        if (defined $known) {
            configuration(FIRST => $ours, SERVER => $gate, $where => $given);
            my ($status, $said) = dash_t();
            ok($status == 1 && $said =~ m{\[emerg\] .*\Q$message\E}, $title)
                or diag $said;
            next;
        }
        wrong($title, $where, $given, $message, @first);
    }
}

wrong('a word longer than nginx reads', LOCATION =>
    'billing_require ' . 'x' x 8192 . ';', qr/too long parameter/);

for my $name (grep { !$wrong{$_} } sort keys %command) {
    like($name, qr/^billing_(?:config|api)$/,
        "$name has wrong values, or is tried below");
}


# --- what only two directives together make wrong -----------------------------

# Known at the end of "http" alone: the place is named as well as can be.

sub together {
    my ($name, $message, %text) = @_;
    configuration(%text);
    my ($status, $said) = dash_t();
    ok($status == 1 && $said =~ m{\[emerg\] [^\n]*\Q$message\E}
        && $said =~ m{ in \Q$dir\E/nginx\.conf:\d+$}m, $name) or diag $said;
}

together('no zone', '"billing_config" needs a "billing_zone"',
    HTTP => "billing_config $dir/billing.json;");
together('a zone alone', '"billing_zone" needs a "billing_config"',
    HTTP => 'billing_zone billing 1m;');
together('a zone that is somebody else\'s',
    'is already declared for a different use',
    FIRST => $ours, HTTP => 'limit_req_zone $uri zone=billing:1m rate=1r/s;');
together('a gate in front of nothing',
    '"billing_require" needs a "billing_team" or a "billing_board" in location "/t"',
    FIRST => $ours, LOCATION => 'billing_require view;');
together('the interface without a business',
    '"billing_api" needs a "billing_config"', LOCATION => 'billing_api;');
together('purchases are never open',
    '"billing_on_error pass" in a location with "billing_api": "/t"',
    FIRST => $ours, LOCATION => 'billing_api; billing_on_error pass;');
together('nor by inheritance',
    '"billing_on_error pass" in a location with "billing_api": "/t"',
    FIRST => $ours, SERVER => 'billing_on_error pass;',
    LOCATION => 'billing_api;');

my $jwt = "billing_jwt_key HS256 $dir/master;";
together('tokens of whom', 'tokens need a "billing_jwt_issuer" too',
    HTTP => $jwt);
together('tokens for whom', 'tokens need a "billing_jwt_audience" too',
    HTTP => "$jwt billing_jwt_issuer i;");
together('tokens that nobody has signed', 'tokens need a "billing_jwt_key" too',
    HTTP => 'billing_jwt_issuer i; billing_jwt_audience a;');
right('tokens, and nothing else', HTTP =>
    "$jwt billing_jwt_issuer i; billing_jwt_audience a;", FIRST => '');
right('public keys of several algorithms', HTTP =>
    "billing_jwt_key EdDSA $dir/ed.pem; billing_jwt_key ES256 $dir/ec.pem kid=b; "
    . 'billing_jwt_issuer i; billing_jwt_audience a;');

wrong('a gate before the business', LOCATION => 'billing_require view;',
    'needs a "billing_config" in front of it', FIRST => '');
right('no gate needs none', LOCATION => 'billing_require off;', FIRST => '');


# --- right ones, for comparison -----------------------------------------------

for my $case (
    ['billing_stale', 0], ['billing_stale', '1y'], ['billing_cache_ttl', '24h'],
    ['billing_cache_max_age', '1d'], ['billing_wait', '1ms'],
    ['billing_follow', '1ms'], ['billing_follow', '1h'],
    ['billing_wait', '1h'], ['billing_status_code', 400],
    ['billing_status_code', 599], ['billing_pages', '/'],
    ['billing_log_level', 'error'], ['billing_on_error', 'deny'],
    ['billing_require', 'auto seat admin billing voting'],
    ['billing_require', 'edit limit=ai_credits:$arg_n limit=editable_boards:1'])
{
    right("$case->[0] $case->[1]", LOCATION =>
        "$gate $case->[0] $case->[1];");
}
right("billing_origin $_", HTTP => "billing_origin $_;")
    for qw(http://a https://boards.example.test:8443 http://[::1]:80
        https://1.2.3.4);
right("billing_worker $nginx", HTTP => "billing_worker $build/billing-worker;")
    if $build =~ m{^/};
right('$billing_feature_voting', LOCATION =>
    'add_header X "$billing_feature_voting$billing_limit_ai_credits";');


# --- billing.json: file, line, column, place ----------------------------------

my $shop = slurp("$dir/billing.json");

sub shop {
    my ($name, $from, $to, $message, $pointer) = @_;
    my $text = $shop;
    $text =~ s/$from/$to/ or die "billing.json has no $from\n";
    spew('shop.json', $text, 0644);
    my $line = configuration(
        FIRST => "billing_config $dir/shop.json; billing_zone billing 1m;");
    my ($status, $said) = dash_t();
    my ($row, $column, $what) = $said =~
        m{\[emerg\] [^\n]*\Q$dir\E/shop\.json:(\d+):(\d+): ([^\n]*)
          \ in\ \Q$dir\E/nginx\.conf:$line->{FIRST}$}xm;
    my @rows = (split(/\n/, $text, -1), '');
    ok($status == 1 && defined $row && $row >= 1 && $row <= @rows
        && $column >= 1 && $column <= length($rows[$row - 1]) + 1
        && index($what, $message) >= 0 && index($what, $pointer // '') >= 0,
        $name) or diag $said;
    return ($row // 0, $rows[($row || 1) - 1]);
}

# The line that is named is the one with the mistake in it.

sub shop_line {
    my ($name, $from, $to, $message, $pointer) = @_;
    my ($row, $line) = shop(@_);
    like($line, qr/\Q$to\E/, "$name: it is that line");
}

shop('billing.json is empty', qr/.*/s, '', '');
shop_line('a comma is missing', qr/"limits": \["editable_boards",/,
    '"limits": ["editable_boards"', 'expected');
shop_line('a member twice', qr/"currency": "USD"/,
    '"currency": "USD", "currency": "EUR"', 'duplicate');
shop('a price below zero', qr/"monthly": 1000/, '"monthly": -1', '',
    '/catalogue/plans/team/price/monthly');
shop('a price in a text', qr/"monthly": 1000/, '"monthly": "1000"', '',
    '/catalogue/plans/team/price/monthly');
shop('a price with a fraction', qr/"monthly": 1000/, '"monthly": 10.5', '',
    '/catalogue/plans/team/price/monthly');
shop('no such currency', qr/"currency": "USD"/, '"currency": "EURO"',
    'is longer than 3 bytes', '/catalogue/currency');
shop('no currency of this name', qr/"currency": "USD"/, '"currency": "EU1"',
    'is not a currency', '/catalogue/currency');
shop('an unknown key', qr/"seats_min": 5/, '"seat_min": 5', '',
    '/catalogue/plans/business');
shop('a feature with a blank', qr/"voting", "timer"\],\n/,
    "\"vot ing\", \"timer\"],\n", '', '/catalogue/');
shop('a feature a plan has and the catalogue not', qr/"voting", "timer"\],\n/,
    "\"votings\", \"timer\"],\n", '', '/catalogue/');

for my $case (
    ['names no file', "$dir/nothing.json", 'No such file or directory'],
    ['names a folder', $dir, 'is not a regular file'],
    ['is empty', "''", 'empty file name'],
    ['has a variable', '$arg_x', 'No such file or directory'],
    ['is too large', spew('huge.json', ' ' x 1048577), 'is larger than 1048576'])
{
    wrong("billing_config $case->[0]", HTTP => "billing_config $case->[1];",
        $case->[2], FIRST => '');
}

spew('empty', "\n");
spew('big', 'x' x 5000);
spew('bytes', "a secret with a zero\0 in it, longer than 32 bytes\n");

for my $case (
    ['an empty secret', master => "$dir/empty", 'is empty or holds a zero byte'],
    ['a secret with a zero byte', master => "$dir/bytes",
        'is empty or holds a zero byte'],
    ['a secret of 5,000 bytes', master => "$dir/big", ''],
    ['a secret that is not there', master => "$dir/nowhere",
        'No such file or directory'],
    ['a folder as a secret', master => $dir, ''],
    ['an empty secret of the webhook', gateway_webhook => "$dir/empty",
        'is empty or holds a zero byte'])
{
    my ($name, $which, $to, $message) = @$case;
    conf_file('secret.json', "$dir/$which" => $to);
    wrong($name, HTTP => "billing_config $dir/secret.json; "
        . 'billing_zone billing 1m;', $message, FIRST => '');
}

for my $address ('127.0.0.1:99999', 'unix:/' . 'x' x 200,
    'nobody.invalid:6379', 'joe:hunter2@127.0.0.1:6379', '127.0.0.1:0x10')
{
    conf_file('redis.json', "unix:$dir/redis.sock" => $address);
    wrong('Redis at ' . substr($address, 0, 40), HTTP =>
        "billing_config $dir/redis.json; billing_zone billing 1m;",
        '/redis/address', FIRST => '');
    my (undef, $said) = dash_t();
    unlike($said, qr/hunter2/, 'its password is not printed');
}

conf_file('mode.json', "$dir/master" => spew('open',
    "a master secret of a test, longer than 32 bytes\n", 0644));
configuration(
    FIRST => "billing_config $dir/mode.json; billing_zone billing 1m;");
my ($status, $said) = dash_t();
ok($status == 0 && $said =~ /\[warn\].*can be read by others than its owner/,
    'a secret that others can read is a warning') or diag $said;

done_testing();
