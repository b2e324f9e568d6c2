// Package hashivault stands for the secrets provider hashivault://.
package hashivault

import (
	"context"
	"net/url"

	"gocloud.dev/secrets"
	"psn.local/engine/leftout"
)

type opener struct{}

func (opener) OpenKeeperURL(context.Context, *url.URL) (*secrets.Keeper, error) {
	return nil, leftout.Error("hashivault://")
}

func init() { secrets.DefaultURLMux().RegisterKeeper("hashivault", opener{}) }
