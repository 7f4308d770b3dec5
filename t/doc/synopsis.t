#!/usr/bin/perl

# What the documents show works: the README's synopsis and every example of a
# directive pass `nginx -t`, the shell lines parse, the JSON is JSON.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Temp ();
use JSON::PP;
use Test::More;
use Tidy;

my $build = $ENV{BILLING_BUILD} || 'build/release';
my $module = Cwd::realpath("$build/ngx_http_billing_module.so");
my $worker = Cwd::realpath("$build/billing-worker");
$ENV{PATH} .= ':/usr/sbin';

plan skip_all => "$build is not built" if !$module || !-f $module;

my $dir = File::Temp::tempdir('billing-doc-XXXXXX', TMPDIR => 1, CLEANUP => 1);
chmod 0755, $dir;

sub save {
    my ($name, $text) = @_;
    mkdir "$dir/secrets";
    open my $out, '>', "$dir/$name" or die "$name: $!\n";
    print $out $text;
    close $out;
}

sub blocks {
    my ($file, $language) = @_;
    return slurp($file) =~ /^```$language\n(.*?)^```$/gms;
}

# nginx -t on a configuration; what is below /usr/share may not be installed.

sub passes {
    my ($config, $name) = @_;
    $config =~ s{load_module\s+\S+;}{load_module $module;};
    $config =~ s{\bbilling_worker\s+(?!off)[^;]+;}{billing_worker $worker;};
    my $temporary = join ' ', 'access_log off;', map {
        "${_}_temp_path $dir/$_;" } qw(client_body proxy fastcgi uwsgi scgi);
    $config =~ s|\bhttp \{|http { $temporary|;
    $config =~ s/127\.0\.0\.1:8080/unix:$dir\/test.sock/g;
    save('nginx.conf', "pid $dir/nginx.pid;\n$config");
    my $said = `nginx -t -p $dir/ -c $dir/nginx.conf -e $dir/error.log 2>&1`;
    is($? >> 8, 0, "$name passes nginx -t") or diag($said, $config);
}

save('billing.json', slurp('conf/billing.json'));
save("secrets/$_", '0123456789abcdef' x 4)
    for qw(master gateway_secret_key gateway_webhook application_key);
save('proxy_key', '0123456789abcdef' x 4);

# RFC 7515, A.3, and RFC 8037.
save('jwt-2026.pem', "-----BEGIN PUBLIC KEY-----\n"
    . "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7\n"
    . "6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
    . "-----END PUBLIC KEY-----\n");
save('jwt.pem', "-----BEGIN PUBLIC KEY-----\n"
    . "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
    . "-----END PUBLIC KEY-----\n");

my ($synopsis) = blocks('README.md', 'nginx');
ok(defined $synopsis, 'the README has a synopsis');
passes($synopsis, 'the synopsis');

# An example is placed where its directive may stand.

my %entry = slurp('doc/directives.md') =~
    /^### (billing_\w+)\n(.*?)(?=^##|\z)/gms;
ok(keys %entry > 3, 'there are directives');

for my $example (map { my $n = $_; map { [$n, $_] }
    $entry{$n} =~ /^```nginx\n(.*?)^```$/gms } sort keys %entry)
{
    (my $name, $example) = @$example;
    my ($context) = $entry{$name} =~ /\*\*Context\*\* \| `?(\w+)/;
    # Of what it needs beside it, that which it does not say itself.
    my $base = join ' ', grep { /^(\w+)/ && $example !~ /\b$1\b/ }
        'billing_config billing.json;', 'billing_zone billing 16m;',
        'billing_worker off;', 'billing_jwt_key EdDSA jwt.pem;',
        'billing_jwt_issuer i;', 'billing_jwt_audience a;';
    my $in_http = $context eq 'http' && $example !~ /location|error_page/;
    my $in_server = $in_http ? '' : $example;
    $in_server = "location /x { $example }"
        if !$in_http && $example !~ /location/;
    $in_server .= ' location @upgrade { return 303 /upgrade; }'
        if $example =~ /\@upgrade/;
    $in_server .= ' billing_team t;' if $example =~ /limit=/;
    passes("load_module x;\nevents { }\nhttp { $base\n"
        . ($in_http ? $example : '')
        . "server { listen 127.0.0.1:8080; $in_server } }",
        "the example of $name");
}

my $server = 'listen 127.0.0.1:8080;';
for my $example (blocks('doc/variables.md', 'nginx')) {
    $example =~ s/^server \{/server { $server/m
        or $example .= "server { $server }";
    $example =~ s{/var/log/nginx/}{$dir/};
    passes("load_module x;\nevents { }\nhttp { billing_config billing.json; "
        . "billing_zone billing 16m;\n$example }",
        'the example ' . ($example =~ /^(\w+)/)[0] . ' of variables.md');
}

for my $file (qw(doc/operating.md doc/security.md)) {
    for my $example (blocks($file, 'nginx')) {
        $example =~ s{/var/log/nginx/}{$dir/};
        passes("load_module x;\nevents { }\nhttp { billing_config billing.json; "
            . "billing_zone billing 16m;\n$example }", "the example of $file");
    }
}

for my $file (files(qr{\.md$})) {
    my $n = 0;
    for my $shell (blocks($file, 'sh')) {
        save('example.sh', $shell);
        my $said = `sh -n $dir/example.sh 2>&1`;
        is($? >> 8, 0, "$file: shell example " . ++$n . ' parses')
            or diag($said);
    }
    for my $json (blocks($file, 'json')) {
        ok(eval { JSON::PP->new->decode($json) }, "$file: the JSON is JSON");
    }
}

# Packages are named in one place and told in another.

my $readme = slurp('README.md');
for my $package (split ' ', `tools/setup --list run build test clang valgrind browser monitoring bench`) {
    like($readme, qr/(?<![\w-])\Q$package\E(?![\w-])/,
        "the README names the package $package");
}

done_testing();
