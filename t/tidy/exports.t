#!/usr/bin/perl

# A module is loaded with its symbols visible to all of nginx: every name that
# is not static says whose it is.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Tidy;

my $build = $ENV{BILLING_BUILD} || 'build/release';

plan skip_all => "$build is not built"
    if !-f "$build/ngx_http_billing_module.so";

my $ours = qr/^(?:billing_|ngx_http_billing_)/;

sub names {
    my ($options, @files) = @_;
    return map { /\s[A-TV-Z] (\w+)/ ? $1 : () }
        `nm $options --defined-only @files 2>&1`;
}

my @module = names('-D', "$build/ngx_http_billing_module.so");
ok(@module > 0, 'the module exports something');
is(join(' ', grep { !/$ours|^ngx_modules$|^ngx_module_names$
    |^ngx_module_order$|^_(?:init|fini)$/x } @module), '',
    'and only names of its own');
ok((grep { $_ eq 'ngx_modules' } @module), 'nginx finds its table');

my @objects = grep { m{/src/} }
    split /\n/, `find $build/obj/src -name '*.o' 2>/dev/null`;
ok(@objects > 0, 'there are objects');

for my $object (sort @objects) {
    my @wrong = grep { !/$ours/ && $_ ne 'main' } names('-g', $object);
    is("@wrong", '', "$object: global names begin with billing_");
}

done_testing();
