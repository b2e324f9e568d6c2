// Package cloudkms stands for Google's client of the service.
package cloudkms

// CloudkmsScope is the permission to use it.
const CloudkmsScope = "https://www.googleapis.com/auth/cloudkms"
