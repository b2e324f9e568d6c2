// Package azurekeyvault stands for the secrets provider azurekeyvault://.
package azurekeyvault

import (
	"context"
	"net/url"

	"gocloud.dev/secrets"
	"psn.local/engine/leftout"
)

type opener struct{}

func (opener) OpenKeeperURL(context.Context, *url.URL) (*secrets.Keeper, error) {
	return nil, leftout.Error("azurekeyvault://")
}

func init() { secrets.DefaultURLMux().RegisterKeeper("azurekeyvault", opener{}) }
