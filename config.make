# A text that has changed is embedded again (see config).

for billing_noun in api mail
do
    cat << END                                            >> $NGX_MAKEFILE

$NGX_OBJS/addon/gen/billing_messages_$billing_noun.c: \\
	$ngx_addon_dir/conf/messages/$billing_noun.json \\
	$ngx_addon_dir/tools/embed
	perl $ngx_addon_dir/tools/embed billing_messages_$billing_noun \\
		$ngx_addon_dir/conf/messages/$billing_noun.json > \$@

END
done
